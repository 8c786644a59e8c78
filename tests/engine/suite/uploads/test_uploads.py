"""Bytes by every route: as they are, in a form, as base64, in tensors of the protocol."""

import gzip
import json
from typing import ClassVar

import pytest

from src.core.errors import ConfigError
from tests.conftest import NumericModel, TextModel
from tests.engine.suite.uploads.upload_models import (
    SAMPLES,
    AnyImageModel,
    FileModel,
    PictureModel,
    base64,
    send_form,
    send_raw,
)

INFER = "/v2/models/file/infer"


@pytest.mark.parametrize("content", SAMPLES.values(), ids=SAMPLES)
def test_model_sees_the_same_bytes_by_every_route(client_of, content):
    model = FileModel()
    client = client_of(model)
    answers = [
        send_raw(client, content),
        send_form(client, ("file", content, "application/octet-stream")),
        send_form(client, ("input", content, "application/octet-stream")),
        client.post("/predict", json={"input": base64(content)}),
    ]
    assert [answer.json() for answer in answers] == [{"prediction": len(content)}] * 4
    batch = client.post("/predict/batch", json={"inputs": [base64(content)]})
    assert batch.json() == {"predictions": [len(content)]}
    if client.get("/v2").status_code == 200:
        tensor = {"name": "input", "datatype": "BYTES", "shape": [1]}
        as_text = {**tensor, "data": [base64(content)], "parameters": {"content_type": "base64"}}
        size = len(content) + 4
        raw = {**tensor, "parameters": {"binary_data_size": size}}
        head = json.dumps({"inputs": [raw]}).encode()
        body = head + len(content).to_bytes(4, "little") + content
        length = {"Inference-Header-Content-Length": str(len(head))}
        only = {"Inference-Header-Content-Length": "0"}
        sent = [
            client.post(INFER, json={"inputs": [as_text]}),
            client.post(INFER, content=body, headers=length),
            client.post(INFER, content=content, headers=only),
        ]
        assert [answer.status_code for answer in sent] == [200] * 3
    assert set(model.seen) == {content}
    assert len(model.seen) in {5, 8}


def test_response_names_model_and_request(client_of):
    answer = send_raw(client_of(FileModel()), b"abc", **{"x-request-id": "mine"})
    assert answer.json() == {"prediction": 3}
    assert answer.headers["x-model-name"] == "file"
    assert answer.headers["x-model-version"] == "3.2.1"
    assert answer.headers["x-request-id"] == "mine"
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("image/png", 200),
        ("IMAGE/PNG; a=b", 200),
        ("image/jpeg", 200),
        ("image/gif", 415),
        ("image/*", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/octet-stream", 415),
        ("", 415),
        ("\xff", 415),
    ],
)
def test_body_has_a_declared_media_type(client_of, kind, status):
    client = client_of(PictureModel())
    headers = {"content-type": kind.encode("latin-1")}
    answer = client.post("/predict", content=b"x", headers=headers)
    assert answer.status_code == status
    if status == 415:
        every = "image/png, image/jpeg, multipart/form-data"
        assert answer.json()["detail"] == f"The body must be {every} or application/json"
        assert answer.headers["accept"] == f"{every}, application/json"


def test_body_without_a_media_type_is_told_what_is_accepted(client_of):
    request = client_of(PictureModel()).build_request("POST", "/predict", content=b"x")
    assert "content-type" not in request.headers
    answer = client_of(PictureModel()).send(request)
    assert answer.status_code == 415
    assert "image/png" in answer.json()["detail"]


def test_file_of_a_form_has_a_declared_media_type(client_of):
    client = client_of(PictureModel())
    assert send_form(client, ("file", b"x", "image/png")).status_code == 200
    answer = send_form(client, ("file", b"x", "text/plain"))
    assert answer.status_code == 415
    assert answer.json()["detail"] == "The file must be image/png or image/jpeg"


def test_range_is_every_subtype(client_of):
    client = client_of(AnyImageModel())
    assert send_raw(client, b"x", "image/webp").status_code == 200
    assert send_raw(client, b"x", "imagery/webp").status_code == 415


def test_limits_of_the_declared_type_hold(client_of):
    model = PictureModel()
    client = client_of(model)
    for answer in (
        send_raw(client, b"x" * 101, "image/png"),
        send_form(client, ("file", b"x" * 101, "image/png")),
        client.post("/predict", json={"input": base64(b"x" * 101)}),
    ):
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["msg"] == "Data should have at most 100 bytes"
    assert model.seen == []


def test_json_is_never_taken_for_the_input(client_of):
    client = client_of(FileModel())
    for kind in ("application/json", "application/problem+json"):
        assert send_raw(client, b'{"input": "YWJj"}', kind).json() == {"prediction": 3}
        assert send_raw(client, b"abc", kind).status_code == 422


def test_nothing_sent_is_an_error_but_an_empty_file_is_an_input(client_of):
    client = client_of(FileModel())
    assert client.post("/predict").status_code == 422
    urlencoded = "application/x-www-form-urlencoded"
    assert send_raw(client, b"", urlencoded).status_code == 422
    assert send_raw(client, b"").json() == {"prediction": 0}


def test_query_and_body_together_are_rejected(client_of):
    client = client_of(FileModel())
    headers = {"content-type": "application/octet-stream"}
    assert client.post("/predict?input=YWJj").json() == {"prediction": 3}
    assert client.post("/predict?input=YWJj", headers=headers).json() == {"prediction": 3}
    both = client.post("/predict?input=YWJj", content=b"x", headers=headers)
    assert both.status_code == 422
    assert "exactly one input" in both.json()["detail"]
    assert client.post("/predict?other=1", content=b"x", headers=headers).status_code == 200


def test_compressed_body_is_inflated_or_rejected(client_of):
    model = FileModel()
    client = client_of(model)
    answer = send_raw(client, gzip.compress(b"abc"), **{"content-encoding": "gzip"})
    is_limited = hasattr(client.app.state.settings, "hardening")
    assert answer.status_code == (200 if is_limited else 415)
    assert model.seen == ([b"abc"] if is_limited else [])


def test_large_body_is_413(client_of):
    settings = client_of().app.state.settings
    section = "hardening" if hasattr(settings, "hardening") else "service"
    limits = {section: {"max_body_bytes": 1000}}
    model = FileModel()
    client = client_of(model, **limits)
    assert send_raw(client, b"x" * 1001).status_code == 413
    assert send_form(client, ("file", b"x" * 1000, "image/png")).status_code == 413
    assert model.seen == []
    assert send_raw(client, b"x" * 1000).status_code == 200


def test_body_is_not_charged_as_json(client_of):
    content = b'[{"a":[' * 500_000
    assert send_raw(client_of(FileModel()), content).json() == {"prediction": len(content)}


@pytest.mark.parametrize("model", [TextModel, NumericModel])
def test_other_models_take_json_alone(client_of, model):
    client = client_of(model())
    assert send_raw(client, b"abc").status_code == 415
    assert send_form(client, ("file", b"abc", "image/png")).status_code == 415
    operation = client.get("/openapi.json").json()["paths"]["/predict"]["post"]
    assert [*operation["requestBody"]["content"]] == ["application/json"]


def test_other_methods_and_routes_are_as_without(client_of):
    client = client_of(PictureModel())
    assert client.get("/predict").status_code == 405
    assert client.get("/predict").headers["allow"] == "POST"
    headers = {"content-type": "image/png"}
    assert client.post("/predict/batch", content=b"x", headers=headers).status_code == 415
    assert client.post("/predict/", content=b"x", headers=headers).status_code == 404


def test_document_lists_what_is_accepted(client_of):
    operation = client_of(PictureModel()).get("/openapi.json").json()["paths"]["/predict"]["post"]
    content = operation["requestBody"]["content"]
    binary = {"type": "string", "format": "binary"}
    assert [*content] == ["application/json", "image/png", "image/jpeg", "multipart/form-data"]
    assert content["image/png"] == {"schema": binary}
    form = content["multipart/form-data"]
    assert form["schema"]["properties"] == {"file": binary}
    assert form["encoding"] == {"file": {"contentType": "image/png, image/jpeg"}}
    assert {"400", "413", "415", "422"} <= operation["responses"].keys()


def model_with(base, **declared):
    return type("Declared", (base,), declared)()


@pytest.mark.parametrize(
    ("base", "name", "value", "problem"),
    [
        (TextModel, "media_types", ("image/png",), "for models whose input is bytes"),
        (FileModel, "media_types", "image/png", "must be like"),
        (FileModel, "media_types", ("png",), "must be like"),
        (FileModel, "media_types", ("*/png",), "must be like"),
        (FileModel, "media_types", ("Image/PNG",), "must be like"),
        (FileModel, "media_types", (1,), "must be like"),
        (FileModel, "media_types", ("application/json",), "cannot have JSON"),
        (FileModel, "media_types", ("application/a+json",), "cannot have JSON"),
        (FileModel, "media_types", ("multipart/form-data",), "cannot have JSON"),
        (FileModel, "output_media_type", "image/png", "for models whose output is bytes"),
    ],
)
def test_media_type_that_cannot_be_served_ends_the_start(client_of, base, name, value, problem):
    model = model_with(base, **{name: value})
    with pytest.raises(ConfigError, match=rf"^Declared\.{name} .*{problem}"):
        client_of(model)


def test_any_type_at_all_can_be_declared(client_of):
    class Anything(FileModel):
        media_types: ClassVar[tuple[str, ...]] = ("*/*",)

    client = client_of(Anything())
    assert send_raw(client, b"abc", "text/plain").json() == {"prediction": 3}
    assert client.post("/predict", content=b"abc").status_code == 415
    assert send_raw(client, b'{"input": "YQ=="}', "application/json").json() == {"prediction": 1}
