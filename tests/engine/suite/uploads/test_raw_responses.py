"""Predictions that are bytes, as they are, for clients that ask for them."""

import asyncio
from typing import ClassVar

import pytest

from src.api.uploads.media_types import matches, prefers
from src.core.errors import ConfigError
from tests.engine.suite.uploads.upload_models import (
    SAMPLES,
    CopyModel,
    SpeechModel,
    base64,
    send_form,
    send_raw,
)

JSON_PREFERRED = [
    "",
    "*/*",
    "application/json",
    "application/json, image/png",
    "image/png;q=0.5, application/json",
    "image/png;q=0.5, */*",
    "image/png;q=0",
    "image/png;q=0, */*",
    "image/png;q=2",
    "image/png;q=nan",
    "image/png;q=",
    "image/*;q=0.1, image/png;q=0, */*;q=0",
    "text/html",
    "image",
    ",;,;q=1,",
    "image/png" + "," * 100_000,
]
BYTES_PREFERRED = [
    "image/png",
    "IMAGE/PNG",
    "image/*",
    "image/png, */*;q=0.8",
    "text/html, image/*;q=0.9, */*;q=0.8",
    "application/json;q=0.9, image/png",
    "application/json;q=0, */*",
    "application/*;q=0.1,image/png ; q=0.2",
    'image/png;level="1";q=0.300, application/json;q=0.299',
]


@pytest.mark.parametrize("accept", JSON_PREFERRED[:-1])
def test_json_is_sent_unless_bytes_are_preferred(accept):
    assert not prefers(accept, "image/png")


@pytest.mark.parametrize("accept", [*BYTES_PREFERRED, JSON_PREFERRED[-1]])
def test_most_specific_range_and_highest_quality_decide(accept):
    assert prefers(accept, "image/png")


def test_ranges_match_types():
    assert matches("image/png", ["image/*"])
    assert not matches("image/png", ["image/p*"])
    assert not matches("", ["*/*"])


def ask(client, content, accept):
    """Send a picture in every way; return the responses."""
    headers = {"accept": accept}
    return [
        send_raw(client, content, "image/png", **headers),
        send_form(client, ("file", content, "image/png"), headers=headers),
        client.post("/predict", json={"input": base64(content)}, headers=headers),
        client.post("/predict?x=1", json={"input": base64(content)}, headers=headers),
    ]


@pytest.mark.parametrize("content", SAMPLES.values(), ids=SAMPLES)
def test_prediction_is_sent_as_it_is(client_of, content):
    for answer in ask(client_of(CopyModel()), content, "image/png, */*;q=0.1"):
        assert answer.status_code == 200
        assert answer.content == content
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["content-length"] == str(len(content))
        assert answer.headers["x-model-name"] == "copy"
        assert answer.headers["x-model-version"] == "1.0.0"
        assert len(answer.headers["x-request-id"]) == 32
        assert answer.headers["vary"] == "Accept"


def test_json_is_sent_to_everybody_else(client_of):
    for answer in ask(client_of(CopyModel()), b"\xff\0", "*/*"):
        assert answer.json() == {"prediction": "/wA="}
        assert answer.headers["content-type"] == "application/json"


def test_script_in_a_prediction_does_not_run(client_of):
    class Drawing(CopyModel):
        output_media_type: ClassVar[str] = "image/svg+xml"

    answer = send_raw(client_of(Drawing()), b"<svg/>", "image/png", accept="image/svg+xml")
    assert answer.headers["content-security-policy"] == "sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_text_has_no_charset_that_nobody_declared(client_of):
    class Table(CopyModel):
        output_media_type: ClassVar[str] = "text/csv"

    answer = send_raw(client_of(Table()), b"\xff", "image/png", accept="text/csv")
    assert answer.headers["content-type"] == "text/csv"


def test_sound_is_made_from_a_text(client_of):
    client = client_of(SpeechModel())
    headers = {"accept": "audio/wav"}
    for answer in (
        client.post("/predict", json={"input": "hi"}, headers=headers),
        client.post("/predict?input=hi", headers=headers),
    ):
        assert answer.content == b"RIFF\xffhi"
        assert answer.headers["content-type"] == "audio/wav"
    assert client.post("/predict?input=hi").json() == {"prediction": base64(b"RIFF\xffhi")}
    assert send_raw(client, b"x", "audio/wav").status_code == 415
    invalid = client.post("/predict", json={"input": 1}, headers=headers)
    assert invalid.status_code == 422
    assert invalid.headers["content-type"] == "application/problem+json"


def test_errors_are_problems_whatever_is_accepted(client_of):
    class Failing(CopyModel):
        example: ClassVar[None] = None  # type: ignore[assignment]

        def predict(self, input_data: bytes) -> bytes:
            raise ValueError("broken")

    for answer in ask(client_of(Failing()), b"x", "image/png"):
        assert answer.status_code == 500
        assert answer.headers["content-type"] == "application/problem+json"


def test_several_accept_headers_are_one_list(client_of):
    client = client_of(CopyModel())
    accepted = ("application/json;q=0.9", "image/png", "text/html")
    headers = [("accept", value) for value in accepted]
    request = client.build_request("POST", "/predict", json={"input": "/w=="}, headers=headers)
    assert request.headers.get_list("accept") == [value for _, value in headers]
    assert client.send(request).content == b"\xff"


def test_document_lists_the_media_type(client_of):
    operation = client_of(SpeechModel()).get("/openapi.json").json()["paths"]["/predict"]["post"]
    content = operation["responses"]["200"]["content"]
    assert [*content] == ["application/json", "audio/wav"]
    assert content["audio/wav"] == {"schema": {"type": "string", "format": "binary"}}
    assert [*operation["requestBody"]["content"]] == ["application/json"]


@pytest.mark.parametrize("kind", ["png", "image/*", "application/json", 1, ("image/png",)])
def test_media_type_of_a_response_is_one_type(client_of, kind):
    model = type("Declared", (CopyModel,), {"output_media_type": kind})()
    with pytest.raises(ConfigError, match=r"^Declared\.output_media_type must be like"):
        client_of(model)


def test_prediction_that_is_kept_is_the_same(client_of):
    client = client_of(CopyModel())
    service = client.app.state.inference_service
    assert asyncio.run(service.predict(b"\xff")) == b"\xff"
    for _ in range(2):
        assert send_raw(client, b"\xff", "image/png", accept="image/png").content == b"\xff"
