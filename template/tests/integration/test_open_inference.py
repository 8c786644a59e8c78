"""The Open Inference Protocol: metadata, tensors in and out, errors in its form."""

from tests.conftest import NumericModel

MODEL = "/v2/models/echo"


def test_model_is_described_by_its_tensors(client_of):
    described = client_of().get(MODEL).json()
    assert described["name"] == "echo"
    assert described["inputs"] == [{"name": "input", "datatype": "BYTES", "shape": [-1]}]
    assert described["outputs"] == [{"name": "prediction", "datatype": "BYTES", "shape": [-1]}]


def test_server_and_model_are_ready(client_of):
    client = client_of()
    for path in ("/v2/health/live", "/v2/health/ready", f"{MODEL}/ready"):
        assert client.get(path).status_code == 200


def test_text_is_predicted(client_of):
    tensor = {"name": "input", "datatype": "BYTES", "shape": [2], "data": ["a", "b"]}
    response = client_of().post(f"{MODEL}/infer", json={"inputs": [tensor]})
    assert response.headers["x-model-version"] == "1.2.3"
    assert response.json()["outputs"][0]["data"] == ["A", "B"]


def test_numbers_are_predicted(client_of):
    tensor = {"name": "input", "datatype": "FP32", "shape": [1, 2], "data": [1, 2]}
    response = client_of(NumericModel()).post("/v2/models/mean/infer", json={"inputs": [tensor]})
    assert response.json()["outputs"][0]["data"] == [1.5]


def test_error_is_said_in_the_form_of_the_protocol(client_of):
    response = client_of().post(f"{MODEL}/infer", json={"inputs": []})
    assert (response.status_code, list(response.json())) == (400, ["error"])
