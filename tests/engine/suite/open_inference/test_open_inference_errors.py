"""Errors of clients of the Open Inference Protocol, and compressed bodies."""

import gzip
import json
import struct
import zlib
from functools import partial

import pytest
from fastapi import Depends, HTTPException, Request, Response

from src.api.open_inference.raw_route import RequestRoute
from src.api.request_cost import JSON_LENGTH
from tests.conftest import TextModel

PATH = "/v2/models/echo/infer"
TEXTS = {"name": "input", "datatype": "BYTES", "shape": [2], "data": ["a", "b"]}


@pytest.fixture
def client(client_of):
    return client_of()


def infer(client, *inputs):
    return client.post(PATH, content=json.dumps({"inputs": inputs}))


@pytest.mark.parametrize(
    ("name", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress)]
)
def test_compression_both_ways(client, name, compress):
    long = {**TEXTS, "data": ["a" * 1000, "b"]}
    content = compress(json.dumps({"inputs": [long]}).encode())
    headers = {"content-encoding": name, "accept-encoding": name}
    answer = client.post(PATH, content=content, headers=headers)
    assert answer.headers["content-encoding"] == name
    assert answer.json()["outputs"][0]["data"] == ["A" * 1000, "B"]
    answer = client.post(PATH, content=content[:-9], headers=headers)
    assert (answer.status_code, list(answer.json())) == (400, ["error"])
    headers["content-encoding"] = "br"
    assert client.post(PATH, content=content, headers=headers).status_code == 415


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"inputs": []}, "inputs: "),
        ({}, "inputs: Field required"),
        ({"inputs": [{**TEXTS, "shape": [3]}]}, "2 elements"),
        ({"inputs": [{**TEXTS, "shape": [-2]}]}, "inputs.0.shape.0"),
        ({"inputs": [{**TEXTS, "datatype": "FP32"}]}, "must have datatype BYTES, not FP32"),
        ({"inputs": [{**TEXTS, "name": "other"}]}, "the model takes input"),
        ({"inputs": [{**TEXTS, "parameters": {"binary_data_size": 0}}]}, "data or binary_data"),
        ({"inputs": [{**TEXTS, "data": None}]}, "data or binary_data_size"),
        ({"inputs": [TEXTS], "outputs": [{"name": "x"}]}, "the model returns prediction"),
        ({"inputs": [TEXTS], "parameters": {"sequence_id": 1}}, "sequence_id is not supported"),
        ({"inputs": [TEXTS], "id": 7}, "id: "),
    ],
)
def test_what_the_client_got_wrong_is_400_and_said(client, body, problem):
    answer = client.post(PATH, content=json.dumps(body))
    assert (answer.status_code, list(answer.json())) == (400, ["error"])
    assert problem in answer.json()["error"]
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("length", ["-1", "x", "99999", "9" * 5000, "1", "²", "+2", ""])
def test_wrong_length_of_the_json_is_400(client, length):
    headers = {JSON_LENGTH: length.encode()}
    answer = client.post(PATH, content=json.dumps({"inputs": [TEXTS]}), headers=headers)
    assert (answer.status_code, list(answer.json())) == (400, ["error"])


@pytest.mark.parametrize("size", [-1, 9, 11, 2**70, True, "10", 10.0])
def test_wrong_size_of_a_binary_tensor_is_400(client, size):
    tensor = {**TEXTS, "data": None, "parameters": {"binary_data_size": size}}
    header = json.dumps({"inputs": [tensor]}).encode()
    content = header + struct.pack("<IcIc", 1, b"a", 1, b"b")
    answer = client.post(PATH, content=content, headers={JSON_LENGTH: b"%d" % len(header)})
    assert (answer.status_code, list(answer.json())) == (400, ["error"])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v2/models/other", 404),
        ("GET", "/v2/models/other/ready", 404),
        ("POST", "/v2/models/other/infer", 404),
        ("GET", "/v2/models/echo/versions/9", 404),
        ("POST", "/v2/models/echo/versions/9/infer", 404),
        ("GET", PATH, 405),
        ("POST", "/v2", 405),
    ],
)
def test_what_is_not_there_is_said_in_the_protocols_form(client, method, path, status):
    answer = client.request(method, path)
    assert (answer.status_code, list(answer.json())) == (status, ["error"])
    if status == 404:
        assert "model echo, version 1.2.3" in answer.json()["error"]
    assert list(client.get("/v2x").json()) != ["error"]


def test_failure_of_one_input_is_the_failure_of_all(client_of):
    class Picky(TextModel):
        def predict(self, input_data: str) -> str:
            if input_data == "b":
                raise RuntimeError("secret")
            return input_data

    answer = infer(client_of(Picky()), TEXTS)
    assert (answer.status_code, answer.json()) == (500, {"error": "The model failed"})


def test_dependency_of_a_route_is_not_passed_by(client):
    async def refuse():
        raise HTTPException(401)

    async def answer(request: Request) -> Response:
        return Response(request.url.path)

    add = partial(client.app.router.add_api_route, methods=["POST"])
    add("/open", answer, route_class_override=RequestRoute)
    add("/closed", answer, route_class_override=RequestRoute, dependencies=[Depends(refuse)])
    assert client.post("/open", content="x").text == "/open"
    assert client.post("/closed", content="x").status_code == 401
