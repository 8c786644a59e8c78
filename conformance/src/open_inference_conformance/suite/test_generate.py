"""The generate extension: text in, text out, as one response or as a stream of events."""

import json

import pytest

from open_inference_conformance.checks import envelope, rejected, success, text
from open_inference_conformance.subject import UNKNOWN

pytestmark = pytest.mark.extension("generate")
PARAMETERS = {"conformance_text": "a text", "conformance_number": 1.5, "conformance_flag": True}
BAD = {
    "no text": {},
    "a number": {"text_input": 1},
    "a list": {"text_input": ["a text"]},
    "no JSON": b"no json",
    "no object": ["a text"],
}


@pytest.fixture(autouse=True)
def _texts(subject):
    inputs = subject.tensors("inputs")
    if inputs and all(tensor["datatype"] != "BYTES" for tensor in inputs.values()):
        pytest.skip("the model takes no text")


@pytest.fixture
def generate(subject):
    def post(action="generate", *, body=None, model="", version=None, **more):
        path = subject.path(action, model=model, version=version)
        return subject.post(path, {"text_input": "a good day", **more} if body is None else body)

    return post


def check_generated(subject, body):
    assert isinstance(body, dict), f"expected a JSON object; got {body!r}"
    text(body, "text_output", "model_name")
    assert body["model_name"] == subject.model, f"got `model_name` {body['model_name']!r}"


@pytest.mark.statement("generate")
def test_text_gets_a_text(subject, generate):
    response = generate()
    check_generated(subject, success(response))
    kind = response.headers.get("content-type", "none")
    assert kind.startswith("application/json"), f"expected JSON; got {kind}"


@pytest.mark.statement("generate-id")
def test_id_of_a_text_is_given_back(generate):
    got = success(generate(id="conformance 42")).get("id")
    assert got == "conformance 42", f"expected `id` 'conformance 42'; got {got!r}"


@pytest.mark.statement("generate-version")
def test_version_can_generate(subject, generate, version):
    check_generated(subject, success(generate(version=version)))


@pytest.mark.statement("generate-parameters")
def test_parameters_of_a_text_are_accepted(subject, generate):
    check_generated(subject, success(generate(parameters=PARAMETERS)))


@pytest.mark.statement("generate-error")
@pytest.mark.parametrize("body", BAD.values(), ids=list(BAD))
def test_what_is_no_text_is_rejected(generate, body):
    response = generate(body=body)
    rejected(response)
    envelope(response)


@pytest.mark.statement("generate-unknown-model")
def test_unknown_model_cannot_generate(generate):
    response = generate(model=UNKNOWN)
    rejected(response)
    envelope(response)


def events(response):
    """Return the data of server-sent events; each event is lines of fields and an empty line."""
    body = response.body.decode().replace("\r\n", "\n")
    assert body.endswith("\n\n"), "expected an empty line behind each event; the last has none"
    blocks = [block.split("\n") for block in body.strip("\n").split("\n\n")]
    blocks = [block for block in blocks if not all(line.startswith(":") for line in block)]
    found = []
    for block in blocks:
        data = [line[5:].removeprefix(" ") for line in block if line.startswith("data:")]
        assert data, f"expected a line `data:`; got {block}"
        found.append("\n".join(data))
    assert found, "expected one event or more; got none"
    return found


@pytest.mark.statement("generate-stream")
def test_stream_is_of_server_sent_events(generate):
    response = generate("generate_stream")
    assert response.status == 200, f"expected 200; got {response.status}"
    kind = response.headers.get("content-type", "none")
    assert kind.startswith("text/event-stream"), f"expected text/event-stream; got {kind}"
    events(response)


@pytest.mark.statement("generate-stream-events")
def test_each_event_has_a_text(subject, generate):
    for data in events(generate("generate_stream")):
        check_generated(subject, json.loads(data))


@pytest.mark.statement("generate-stream-id")
def test_id_is_in_each_event(generate):
    got = [json.loads(d).get("id") for d in events(generate("generate_stream", id="42"))]
    assert set(got) == {"42"}, f"expected `id` '42' in each event; got {got}"


@pytest.mark.statement("generate-stream-error")
@pytest.mark.parametrize("body", BAD.values(), ids=list(BAD))
def test_what_fails_before_the_first_event_is_plain_json(generate, body):
    response = generate("generate_stream", body=body)
    rejected(response)
    envelope(response)
    kind = response.headers.get("content-type", "none")
    assert kind.startswith("application/json"), f"expected JSON; got {kind}"
