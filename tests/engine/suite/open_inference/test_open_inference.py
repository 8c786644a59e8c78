"""The Open Inference Protocol, as its clients see it."""

import asyncio
import json
import re
import struct
from typing import Annotated, Any, ClassVar

import pytest
from pydantic import BaseModel, Field

from src.api.open_inference.metadata import ModelEndpoints
from src.core.errors import ConfigError
from src.models.base import Model
from tests.conftest import NumericModel, TextModel

MODEL = "/v2/models/echo"
BF16 = Annotated[float, Field(json_schema_extra={"datatype": "BF16"})]
TEXTS = {"name": "input", "datatype": "BYTES", "shape": [2], "data": ["a", "b"]}
LENGTH = "inference-header-content-length"


class Question(BaseModel):
    text: str
    weights: list[float]
    top: int = 1


class Answer(BaseModel):
    label: str
    scores: list[float]


class SeveralTensors(Model):
    model_name: ClassVar[str] = "several"
    version: ClassVar[str] = "1"

    def predict(self, input_data: Question) -> Answer:
        return Answer(label=input_data.text * input_data.top, scores=input_data.weights[::-1])


@pytest.fixture
def client(client_of):
    return client_of()


def infer(client, *inputs, path=f"{MODEL}/infer", **more):
    return client.post(path, content=json.dumps({"inputs": inputs, **more}))


def binary(request, *parts):
    """Return the body and headers of a request with tensors in binary form."""
    header = json.dumps(request).encode()
    return {"content": header + b"".join(parts), "headers": {LENGTH: str(len(header))}}


def as_bytes(*texts):
    return b"".join(struct.pack("<I", len(text)) + text for text in texts)


def test_server_and_model_are_described(client):
    assert client.get("/v2").json() == client.get("/v2/").json()
    assert client.get("/v2").json()["extensions"] == ["binary_tensor_data", "generate"]
    described = {
        "name": "echo",
        "versions": ["1.2.3"],
        "platform": "python_model",
        "inputs": [{"name": "input", "datatype": "BYTES", "shape": [-1]}],
        "outputs": [{"name": "prediction", "datatype": "BYTES", "shape": [-1]}],
    }
    assert client.get(MODEL).json() == client.get(f"{MODEL}/versions/1.2.3").json() == described


def test_card_and_platform_of_the_model_are_in_its_metadata(client):
    service = client.app.state.inference_service
    numbers = {"f1": 0.8, "loss": None, "rows": 10**400}
    service.card = {"version": "1", "metrics": numbers, "authors": ["us"], "tuned": True}
    service.runner.model.protocol_platform = "onnxruntime_onnx"
    described = asyncio.run(ModelEndpoints(service).model_metadata())
    assert described.platform == "onnxruntime_onnx"
    assert described.parameters == {
        "version": "1",
        "metrics.f1": 0.8,
        "metrics.loss": "null",
        "metrics.rows": 10**400,
        "authors": '["us"]',
        "tuned": True,
    }


def test_health_is_told_in_both_words(client):
    for name in ("live", "ready"):
        answer = client.get(f"/v2/health/{name}")
        assert (answer.status_code, answer.json()) == (200, {"live": True, "ready": True})
    for path in (MODEL, f"{MODEL}/versions/1.2.3"):
        assert client.get(f"{path}/ready").json() == {"name": "echo", "ready": True}
    index = client.post("/v2/repository/index").json()
    assert index == [{"name": "echo", "version": "1.2.3", "state": "READY", "reason": ""}]


def test_model_that_is_not_ready_is_503_and_the_server_lives(client):
    client.app.state.inference_service.checks.append(lambda: False)
    for path in ("/v2/health/ready", f"{MODEL}/ready"):
        answer = client.get(path)
        expected = (503, {"error": "The model echo is not ready"}, "1")
        assert (answer.status_code, answer.json(), answer.headers["retry-after"]) == expected
    assert client.get("/v2/health/live").json() == {"live": True, "ready": False}
    assert client.post("/v2/repository/index").json()[0]["state"] == "UNAVAILABLE"
    client.app.state.inference_service.loaded = False
    assert infer(client, TEXTS).status_code == 503


@pytest.mark.parametrize("path", [f"{MODEL}/infer", f"{MODEL}/versions/1.2.3/infer"])
def test_inference_in_json_needs_no_content_type(client, path):
    answer = infer(client, TEXTS, path=path, id="7")
    assert answer.headers["content-type"] == "application/json"
    assert (answer.headers["x-model-name"], answer.headers["x-model-version"]) == ("echo", "1.2.3")
    assert answer.json() == {
        "model_name": "echo",
        "model_version": "1.2.3",
        "id": "7",
        "outputs": [{"name": "prediction", "datatype": "BYTES", "shape": [2], "data": ["A", "B"]}],
    }
    assert "id" not in infer(client, TEXTS).json()


def test_inference_in_binary_form(client):
    tensor = {**TEXTS, "parameters": {"binary_data_size": 10}}
    del tensor["data"]
    request = {"inputs": [tensor], "parameters": {"binary_data_output": True}}
    answer = client.post(f"{MODEL}/infer", **binary(request, as_bytes(b"a", b"b")))
    assert answer.headers["content-type"] == "application/octet-stream"
    length = int(answer.headers[LENGTH])
    assert answer.content[length:] == as_bytes(b"A", b"B")
    (output,) = json.loads(answer.content[:length])["outputs"]
    assert output["parameters"] == {"binary_data_size": 10}
    assert "data" not in output


def test_body_may_be_the_tensor_and_nothing_else(client_of):
    answer = client_of().post(f"{MODEL}/infer", content=b"abc", headers={LENGTH: "0"})
    assert answer.content[int(answer.headers[LENGTH]) :] == as_bytes(b"ABC")
    numbers = client_of(NumericModel())
    path, body = "/v2/models/mean/infer", struct.pack("<2f", 1, 2)
    answer = numbers.post(path, content=body, headers={LENGTH: "0"})
    assert struct.unpack("<f", answer.content[int(answer.headers[LENGTH]) :]) == (1.5,)


def test_several_tensors_in_binary_form_and_json_mixed(client_of):
    client = client_of(SeveralTensors())
    size = {"binary_data_size": 16}
    inputs: list[dict[str, Any]] = [
        {"name": "weights", "datatype": "FP32", "shape": [2, 2], "parameters": size},
        {"name": "text", "datatype": "BYTES", "shape": [2], "data": ["a", "b"]},
        {"name": "top", "datatype": "INT8", "shape": [2], "parameters": {"binary_data_size": 2}},
    ]
    outputs = [{"name": "scores", "parameters": {"binary_data": True}}, {"name": "label"}]
    body = binary({"inputs": inputs, "outputs": outputs}, struct.pack("<4f", 1, 2, 3, 4), b"\1\2")
    answer = client.post("/v2/models/several/infer", **body)
    length = int(answer.headers[LENGTH])
    scores, label = json.loads(answer.content[:length])["outputs"]
    assert (scores["name"], scores["shape"]) == ("scores", [2, 2])
    assert label["data"] == ["a", "bb"]
    assert struct.unpack("<4f", answer.content[length:]) == (2, 1, 4, 3)


def test_outputs_are_those_asked_for_in_their_order(client_of):
    client = client_of(SeveralTensors())
    inputs = (
        {"name": "text", "datatype": "BYTES", "shape": [1], "data": ["a"]},
        {"name": "weights", "datatype": "FP32", "shape": [1, 2], "data": [1, 2]},
    )

    def outputs(*names):
        wanted = [{"name": name, "parameters": {"binary_data": False}} for name in names]
        answer = infer(
            client, *inputs, path="/v2/models/several/infer", outputs=wanted,
            parameters={"binary_data_output": True},
        )  # fmt: skip
        return [output["name"] for output in answer.json()["outputs"]]

    assert outputs("scores", "label") == ["scores", "label"]
    assert outputs("label") == ["label"]


def test_document_has_an_example_that_works(client):
    document = client.get("/openapi.json").json()
    body = document["paths"][f"{MODEL}/infer"]["post"]["requestBody"]
    example = body["content"]["application/json"]["example"]
    assert infer(client, *example["inputs"]).json()["outputs"][0]["data"] == ["HELLO"]


def test_names_are_those_of_json(client_of):
    class Named(BaseModel):
        label: str = Field(alias="Label")

    class Aliases(TextModel):
        example: ClassVar[Any] = None

        def predict(self, input_data: Named) -> Named:  # type: ignore[override]
            return input_data

    client = client_of(Aliases())
    tensor = {"name": "Label", "datatype": "BYTES", "shape": [1], "data": ["a"]}
    (output,) = infer(client, tensor).json()["outputs"]
    assert (output["name"], output["data"]) == ("Label", ["a"])


def test_example_that_no_tensor_holds_is_left_out(client_of):
    class Ragged(Model):
        model_name: ClassVar[str] = "echo"
        version: ClassVar[str] = "1"
        example: ClassVar[Any] = [[1.0], [1.0, 2.0]]

        def predict(self, input_data: list[list[float]]) -> float:
            return sum(map(sum, input_data))

    document = client_of(Ragged()).get("/openapi.json").json()
    body = document["paths"][f"{MODEL}/infer"]["post"]["requestBody"]
    assert "example" not in body["content"]["application/json"]


def test_document_has_no_reference_that_leads_nowhere(client):
    text = client.get("/openapi.json").text
    known = client.get("/openapi.json").json()["components"]["schemas"]
    names = set(re.findall(r'"\$ref":"#/components/schemas/(\w+)"', text))
    assert names <= known.keys()
    assert text.count('"$ref":"#/components/schemas/') == text.count('"$ref"')


def test_datatype_that_is_none_ends_the_start(client_of):
    class Wrong(TextModel):
        def predict(self, input_data: BF16) -> str:  # type: ignore[override]
            return f"{input_data}"

    with pytest.raises(ConfigError, match="BF16"):
        client_of(Wrong())
