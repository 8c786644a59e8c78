"""Routes of several models: OpenAPI, the list, the protocol, one gate for each model."""

import threading
from concurrent.futures import ThreadPoolExecutor

from tests.conftest import until
from tests.engine.suite.versions.trials import Trial, predict, serve

CONFIG = """
model: {name: text, implementation: "trials:Trial", cache_size: 0}
service: {threads: 1}
models:
  text:
    serve: "1"
    versions: {"1": {options: {answer: one}}, "2": {options: {answer: two}}}
    shadow: {"2": 0.5}
  numbers: {implementation: "trials:Numbers"}
"""


def test_models_are_listed(tmp_path):
    with serve(tmp_path, CONFIG) as client:
        text, numbers = client.get("/models").json()
        assert (text["name"], text["is_default"]) == ("text", True)
        assert [(v["version"], v["share"], v["shadow"]) for v in text["versions"]] == [
            ("1", 1, 0),
            ("2", 0, 0.5),
        ]
        assert (numbers["name"], numbers["is_default"]) == ("numbers", False)
        info = client.get("/info").json()["models"]
        assert [(m["name"], m["version"], m.get("versions")) for m in info] == [
            ("text", "1", ["1", "2"]),
            ("numbers", "0", None),
        ]
        assert info[1]["inputs"]["type"] == "array"
        assert not any("shares" in model for model in info), "one responds alone"


def test_shares_are_in_the_information_about_a_model(tmp_path):
    text = CONFIG.replace('serve: "1"', 'shares: {"1": 3, "2": 1}')
    with serve(tmp_path, text) as client:
        model, _ = client.get("/info").json()["models"]
        assert (model["version"], model["shares"]) == ("1", {"1": 0.75, "2": 0.25})


def test_each_model_has_routes_with_its_own_types(tmp_path):
    with serve(tmp_path, CONFIG) as client:
        assert predict(client, [1, 2], "/models/numbers/predict") == ("0", 3)
        assert client.post("/models/numbers/predict", json={"input": "x"}).status_code == 422
        assert client.post("/models/none/predict", json={"input": "x"}).status_code == 404
        api = client.get("/openapi.json").json()
        schemas = api["components"]["schemas"]
        assert schemas["NumbersPredictRequest"]["properties"]["input"]["type"] == "array"
        assert schemas["PredictRequest"]["properties"]["input"]["type"] == "string"
        operations = [
            operation["operationId"]
            for path in api["paths"].values()
            for operation in path.values()
        ]
        assert len({*operations}) == len(operations)


def test_one_model_needs_no_further_routes(tmp_path):
    with serve(tmp_path, "model: {implementation: 'trials:Trial'}") as client:
        paths = client.get("/openapi.json").json()["paths"]
        assert not [path for path in paths if path.startswith("/models/")]
        assert [model["name"] for model in client.get("/models").json()] == ["trial"]


def test_protocol_has_each_model_and_each_version(tmp_path):
    tensor = {"name": "input", "datatype": "BYTES", "shape": [1], "data": ["x"]}
    with serve(tmp_path, CONFIG) as client:
        assert client.get("/v2/models/text").json()["versions"] == ["1", "2"]
        assert client.get("/v2/models/text/versions/2").json()["versions"] == ["2"]
        for path, expected in {"": "one", "/versions/1": "one", "/versions/2": "two"}.items():
            response = client.post(f"/v2/models/text{path}/infer", json={"inputs": [tensor]})
            assert response.json()["outputs"][0]["data"] == [expected]
            assert response.headers["x-model-version"] == response.json()["model_version"]
        generated = client.post("/v2/models/text/versions/2/generate", json={"text_input": "x"})
        assert generated.json()["text_output"] == "two"
        assert client.get("/v2/models/text/versions/2/ready").status_code == 200
        missing = client.get("/v2/models/text/versions/3")
        assert missing.status_code == 404
        assert "text, version 1 or 2 and numbers, version 0" in missing.json()["error"]


def test_metrics_tell_models_and_versions_apart(tmp_path):
    with serve(tmp_path, CONFIG) as client:
        predict(client)
        predict(client, [1], "/models/numbers/predict")
        lines = client.get("/metrics").text.splitlines()
        assert 'inference_duration_seconds_count{model="text",version="1"} 1.0' in lines
        assert 'inference_duration_seconds_count{model="numbers",version="0"} 1.0' in lines
        assert 'model_share{model="text",version="1"} 1.0' in lines
        assert 'model_share{model="text",version="2"} 0.0' in lines
        loaded = 'model_loads_total{model="text",result="loaded",version="2"} 1.0'
        assert loaded in lines


def test_slow_model_does_not_delay_another(tmp_path):
    text = f"{CONFIG}\nhardening: {{max_waiting: 1}}"
    with serve(tmp_path, text) as client, ThreadPoolExecutor(4) as pool:
        slow = next(trial for trial in Trial.loaded if trial.options.answer == "one")
        slow.options = slow.options.model_copy(update={"hangs": "slow"})
        waiting = [pool.submit(predict, client) for _ in range(2)]
        until(lambda: "slow" in Trial.events)
        until(lambda: client.post("/predict", json={"input": "x"}).status_code == 503)
        for path in ("/models/numbers/predict", "/models/numbers/predict/batch"):
            body = {"input": [1]} if path.endswith("predict") else {"inputs": [[1]]}
            assert client.post(path, json=body).status_code == 200
        tensor = {"name": "input", "datatype": "FP64", "shape": [1, 1], "data": [1.0]}
        response = client.post("/v2/models/numbers/infer", json={"inputs": [tensor]})
        assert response.status_code == 200
        assert isinstance(Trial.events["slow"], threading.Event)
        Trial.events["slow"].set()
        assert [task.result() for task in waiting] == [("1", "one")] * 2
