"""Ten models in one service, one in three versions: each has its routes, its types, its labels."""

import itertools
import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.faults.client import ask, get, head, post, post_bytes
from tests.faults.process import metric, wait_for, wait_for_line
from tests.support.contract import assert_contract, assert_log
from tests.support.protocol import statements_that_hold
from tools.conformance import ensure_conformance

CONFIG = Path(__file__).with_name("ten.yaml")
MODELS = yaml.safe_load(CONFIG.read_text("utf-8"))["models"]
ONE = {"dummy_classifier", "numbers", "everything", "words"}  # of version 1.0.0
VERSIONS = {
    (name, version)
    for name, model in MODELS.items()
    for version in model.get("versions", ["1.0.0" if name in ONE else "1"])
}
INTEGERS = {f"{kind}{bits}": 7 for kind in ("int", "uint") for bits in (8, 16, 32, 64)}
FLOATS = {"fp16": 0.5, "fp32": 0.5, "fp64": 0.5, "left_out": 0, "matrix": [[1, 2], [3, 4]]}
EVERYTHING = {**INTEGERS, **FLOATS, "bool_": True, "text": "a", "texts": ["a", "b"]}
PREDICTIONS = {
    "dummy_classifier": ("This is great", "positive"),
    "numbers": ([1, 2, 3, 4.5], 10.5),
    "everything": (EVERYTHING, EVERYTHING),
    "words": ({"text_input": "a"}, "aa"),
    "echo": ("a few words", "a few words"),
    "assistant": ({"text": "a"}, {"response": "yes yes "}),
    "bitmaps": ("Qk0xMg==", "Qk0yMQ=="),
    "houses": ({"rooms": 2, "heated": True}, {"price": 2000, "interval": [1990, 2010]}),
    "flags": ([True, False], {"set": 1}),
}
STREAMS = {
    "words": ({"text_input": "a"}, ["a", "a"]),
    "echo": ("a few words", ["a", "few", "words"]),
    "assistant": ({"text": "a"}, ["yes", "yes"]),
}
STATEMENTS = {  # that must have been checked, besides those that always are
    ("everything", ""): {"binary-output-bool", "binary-input-mixed"},
    ("words", ""): {"compressed-answer", "triton-infer"},
    ("mood", "2.1.0"): {"binary-bytes-prefix", "triton-infer"},
}
MOODS = {"1.0.0": "calm", "2.0.0": "glad", "2.1.0": "calm"}


@pytest.fixture(scope="module")
def ten(serve):
    with serve(CONFIG) as service:
        yield service


def version_of(name):
    return next(version for model, version in VERSIONS if model == name)


def by(headers):
    """Return the model and the version that responded."""
    return headers["x-model-name"], headers["x-model-version"]


def test_default_model_keeps_the_contract(ten):
    assert len(MODELS) == 10
    assert_contract(ten)
    assert_log(ten, started=True)


@pytest.mark.parametrize("name", PREDICTIONS)
def test_each_model_predicts_at_its_own_routes(ten, name):
    input_data, expected = PREDICTIONS[name]
    status, body, headers = ten.request(f"/models/{name}/predict", {"input": input_data})
    assert (status, body) == (200, {"prediction": expected})
    assert by(headers) == (name, version_of(name))
    batch = {"inputs": [input_data] * 2}
    status, body, headers = ten.request(f"/models/{name}/predict/batch", batch)
    assert (status, body) == (200, {"predictions": [expected] * 2})
    assert by(headers) == (name, version_of(name))
    status, body, headers = ten.request(f"/models/{name}/predict", {"input": {"": 0}})
    assert status == 422, "each validates its own type"


@pytest.mark.parametrize("name", STREAMS)
def test_text_is_streamed_by_those_that_can(ten, name):
    input_data, expected = STREAMS[name]
    status, body, headers = ten.request(f"/models/{name}/predict/stream", {"input": input_data})
    events = [json.loads(line.removeprefix("data: ")) for line in body.split("\n\n")[:-1]]
    assert (status, events) == (200, [{"prediction": chunk} for chunk in expected])
    assert by(headers) == (name, version_of(name))
    assert post(ten, "/models/flags/predict/stream", {"input": [True]}).status == 404


def test_file_is_sent_and_returned_as_it_is(ten):
    path = "/models/bitmaps/predict"
    answer = post(ten, path, b"BM12", content_type="image/bmp", accept="image/bmp")
    assert (answer.status, answer.body) == (200, b"BM21")
    assert answer.headers["content-type"] == "image/bmp"
    assert by(answer.headers) == ("bitmaps", "1")
    assert post(ten, "/models/echo/predict", b"BM", content_type="image/bmp").status == 415


def test_text_is_generated_by_those_that_can_also_by_a_version(ten):
    """So the server does not claim the extension, as some of its models have other types."""
    assert ten.request("/v2")[1]["extensions"] == ["binary_tensor_data"]
    for path, text in {"echo": "a b", "mood/versions/2.0.0": "glad", "words": "a ba b"}.items():
        status, body, _ = ten.request(f"/v2/models/{path}/generate", {"text_input": "a b"})
        assert (status, body["text_output"]) == (200, text)
    assert ten.request("/v2/models/flags/generate", {"text_input": "a"})[0] == 404


def test_lists_have_all_models_and_versions(ten):
    info = ten.request("/info")[1]["models"]
    assert [model["name"] for model in info] == [*MODELS]
    index = ten.request("/v2/repository/index", method="POST")[1]
    assert {(entry["name"], entry["version"], entry["state"]) for entry in index} == {
        (*names, "READY") for names in VERSIONS
    }
    listed = {model["name"]: model["versions"] for model in ten.request("/models")[1]}
    assert [*listed] == [*MODELS]
    parts = {v["version"]: (v["share"], v["shadow"]) for v in listed["mood"]}
    assert parts == {"1.0.0": (0.8, 0), "2.0.0": (0.2, 0), "2.1.0": (0, 1)}


def test_openapi_document_has_the_types_of_each_model(ten):
    api = ten.request("/openapi.json")[1]
    operations = [operation for path in api["paths"].values() for operation in path.values()]
    ids = [operation["operationId"] for operation in operations]
    assert len({*ids}) == len(ids)
    schemas = api["components"]["schemas"]
    used = re.findall(r'"\$ref": "#/components/schemas/([^"]+)"', json.dumps(api))
    assert json.dumps(api).count('"$ref"') == len(used)
    assert {*used} <= schemas.keys()
    for name, (input_data, expected) in PREDICTIONS.items():
        route = api["paths"][f"/models/{name}/predict"]["post"]
        for body, key, value in (
            (route["requestBody"], "input", input_data),
            (route["responses"]["200"], "prediction", expected),
        ):
            schema = body["content"]["application/json"]["schema"]
            Draft202012Validator.check_schema(schema)
            checker = Draft202012Validator({**schema, "components": api["components"]})
            assert checker.is_valid({key: value}), name
            others = [{key: other} for pair in PREDICTIONS.values() for other in pair]
            assert not all(map(checker.is_valid, others)), f"{name}: not of any type"


def test_openapi_document_tells_the_truth(ten, tmp_path):
    """A few examples for each of the operations; tests/faults has many, for a few."""
    checks = "not_a_server_error,status_code_conformance,response_schema_conformance"
    command = [ensure_conformance() / "schemathesis", "run", f"{ten.url}/openapi.json"]
    options = [f"--checks={checks}", "--max-examples=3", "--seed=1", "--no-color"]
    done = subprocess.run(
        [*command, *options, "--phases=examples,fuzzing"],
        cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("model", "version"), STATEMENTS)
def test_models_and_versions_conform_to_the_protocol(ten, tmp_path, model, version):
    assert STATEMENTS[model, version] <= statements_that_hold(ten, model, tmp_path, version)


def test_shares_and_users_are_kept_and_the_shadow_is_not_seen(ten):
    """Of 1000 requests by chance, 200 are expected, and 60 more or less once in a million."""
    path, body = "/models/mood/predict", b'{"input":"x"}'
    before = metric(ten, 'shadow_predictions_total{model="mood"}')
    answers = [ask(ten, post_bytes(path, body)) for _ in range(1000)]
    versions = [answer.headers["x-model-version"] for answer in answers]
    assert [answer.json()["prediction"] for answer in answers] == [MOODS[v] for v in versions]
    assert 140 < versions.count("2.0.0") < 260
    assert {*versions} == {"1.0.0", "2.0.0"}
    users = [post_bytes(path, body, x_user_id=f"user-{number}") for number in range(50)]
    first, second = [[ask(ten, user).headers["x-model-version"] for user in users] for _ in "12"]
    assert first == second
    wait_for(lambda: metric(ten, 'shadow_predictions_total{model="mood"}') == before + 1100)
    assert metric(ten, 'shadow_predictions_total{result="different"') >= versions.count("2.0.0")


def test_headers_and_log_lines_name_the_model_and_the_version(ten):
    for version in MOODS:
        tensor = {"name": "input", "datatype": "BYTES", "shape": [1], "data": [f"for {version}"]}
        path = f"/v2/models/mood/versions/{version}/infer"
        status, body, headers = ten.request(path, {"inputs": [tensor]})
        assert (status, body["outputs"][0]["data"]) == (200, [MOODS[version]])
        assert by(headers) == ("mood", version) == (body["model_name"], body["model_version"])
        label = f"model=mood@{version}"
        wait_for_line(ten, f"Making prediction for input: for {version}...", label)
        wait_for_line(ten, "Prediction result:", headers["x-request-id"], label)
    for name, version in VERSIONS:
        wait_for_line(ten, f"Loaded model: {name} ", f"model={name}@{version}")


def test_labels_of_metrics_are_those_of_the_configuration(ten):
    """However many names requests make up."""
    for number in range(20):
        for path in (
            f"/models/made-up-{number}/predict",
            f"/v2/models/made-up-{number}/infer",
            f"/v2/models/mood/versions/{number}/infer",
        ):
            assert post(ten, path, {"input": "x"}).status == 404
        get(ten, f"/models/mood/{number}")
        ask(ten, head("GET", "/models/mood/predict", x_user_id=number))
    lines = get(ten, "/metrics").body.decode().splitlines()
    labels = [dict(re.findall(r'(\w+)="([^"]*)"', line)) for line in lines]
    found = {(label.get("model"), label.get("version")) for label in labels}
    assert found - {(None, None)} == VERSIONS
    paths = ten.request("/openapi.json")[1]["paths"].keys()
    unlisted = {"", "/", "/metrics", "/docs", "/redoc", "/openapi.json", "/v2/"}
    assert {label["route"] for label in labels if "route" in label} <= paths | unlisted
    series = [line.rpartition(" ")[0] for line in lines if not line.startswith("#")]
    for name, version in itertools.product(["numbers", "mood"], ["9", "made-up-1"]):
        assert not [line for line in series if f'"{name}"' in line and f'"{version}"' in line]
