"""The API of OpenAI: responses, streams, and errors in its form."""

import json

import pytest

from tests.conftest import TextModel
from tests.engine.suite.openai_api.chat_models import Lengths, Parrot, Whole

HI = {"model": "parrot", "messages": [{"role": "user", "content": "Hello you"}]}
USAGE = {"prompt_tokens": 2, "completion_tokens": 2, "total_tokens": 4}
CHAT, EMBEDDINGS = "/v1/chat/completions", "/v1/embeddings"


@pytest.fixture
def parrot():
    return Parrot()


@pytest.fixture
def client(client_of, parrot):
    return client_of(parrot)


def say(text, **more):
    return {**HI, "messages": [{"role": "user", "content": text}], **more}


def events_of(answer):
    lines = [line[6:] for line in answer.text.splitlines() if line]
    return [line if line == "[DONE]" else json.loads(line) for line in lines]


def error_of(answer):
    assert [*answer.json()] == ["error"]
    assert [*answer.json()["error"]] == ["message", "type", "param", "code"]
    return answer.json()["error"]


def test_next_message_is_a_completion(client):
    answer = client.post(CHAT, json=HI)
    body = answer.json()
    assert answer.status_code == 200
    assert answer.headers["x-model-name"] == "parrot"
    assert body.pop("id").startswith("chatcmpl-")
    assert body.pop("created") > 1_700_000_000
    message = {"role": "assistant", "content": "Hello you"}
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    whole = {"object": "chat.completion", "model": "parrot"}
    assert body == {**whole, "choices": choices, "usage": USAGE}


def test_fields_reach_the_model_as_a_chat(client, parrot):
    text = {"type": "text", "text": "A "}
    messages = [
        {"role": "developer", "content": "Be kind", "name": "me"},
        {"role": "assistant", "content": "Yes?"},
        {"role": "user", "content": [text, {**text, "text": "b"}]},
    ]
    more = {"max_tokens": 3, "temperature": 0.5, "top_p": 0.9, "stop": ".", "seed": 4}
    client.post(CHAT, json={**HI, "messages": messages, **more})
    client.post(CHAT, json={**HI, "max_tokens": 3, "max_completion_tokens": 7, "stop": ["a", "b"]})
    first, second = parrot.chats
    assert [(m.role, m.content) for m in first.messages] == [
        ("system", "Be kind"),
        ("assistant", "Yes?"),
        ("user", "A b"),
    ]
    assert first.model_dump(exclude={"messages"}) == {**more, "stop": ["."]}
    assert (second.max_tokens, second.stop) == (7, ["a", "b"])


def test_stream_ends_with_its_reason_and_done(client):
    answer = client.post(CHAT, json={**HI, "stream": True})
    assert answer.headers["content-type"].startswith("text/event-stream")
    first, second, last, done = events_of(answer)
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": "Hello"}
    assert second["choices"][0]["delta"] == {"content": " you"}
    assert last["choices"][0] == {"index": 0, "delta": {}, "finish_reason": "stop"}
    assert done == "[DONE]"
    assert len({event["id"] for event in (first, second, last)}) == 1
    assert {event["object"] for event in (first, second, last)} == {"chat.completion.chunk"}
    assert not [event for event in (first, second, last) if "usage" in event]


def test_stream_has_the_tokens_where_they_are_asked_for(client):
    options = {"stream": True, "stream_options": {"include_usage": True}}
    *_, usage, done = events_of(client.post(CHAT, json={**HI, **options}))
    assert (usage["choices"], usage["usage"], done) == ([], USAGE, "[DONE]")


def test_model_that_does_not_stream_sends_one_chunk(client_of):
    client = client_of(Whole())
    chunk, done = events_of(client.post(CHAT, json={**HI, "model": "whole", "stream": True}))
    choice = chunk["choices"][0]
    assert choice["delta"] == {"role": "assistant", "content": "Hello you"}
    assert (choice["finish_reason"], done) == ("length", "[DONE]")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        (say("rejected"), 400, ("not this", "invalid_request_error", None, None)),
        (say("away"), 503, ("The model is temporarily unavailable", "server_error", None, None)),
        (
            {**HI, "model": "gpt"},
            404,
            (
                "There is no model 'gpt'; there is: parrot",
                "invalid_request_error",
                None,
                "model_not_found",
            ),
        ),
    ],
)
def test_error_has_the_form_of_openai(client, monkeypatch, body, status, expected, stream):
    monkeypatch.setattr("src.services.model_runner.FIRST_BACKOFF", 0)
    answer = client.post(CHAT, json={**body, "stream": stream})
    assert answer.status_code == status
    assert tuple(error_of(answer).values()) == expected


@pytest.mark.parametrize(
    ("change", "param", "message"),
    [
        ({"messages": []}, "messages", "at least 1 item"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages.0.role", "Input should be"),
        ({"temperature": 3}, "temperature", "less than or equal to 2"),
        ({"stop": list("abcde")}, "stop", "at most 4 items"),
        ({"max_tokens": "3"}, "max_tokens", "valid integer"),
        ({"model": None}, "model", "valid string"),
        ({"tools": [{"type": "function"}]}, "tools", "tools: is not supported"),
        ({"n": 2}, "n", "n: is not supported"),
        ({"response_format": {"type": "json_object"}}, "response_format", "is not supported"),
    ],
)
def test_invalid_field_is_named(client, change, param, message):
    answer = client.post(CHAT, json={**HI, **change})
    assert answer.status_code == 400
    error = error_of(answer)
    assert (error["type"], error["param"]) == ("invalid_request_error", param)
    assert message in error["message"]


def test_fields_that_change_nothing_are_ignored(client):
    neutral = {"n": 1, "user": "me", "tools": [], "response_format": {"type": "text"}}
    answer = client.post(
        CHAT, json={**HI, **neutral, "frequency_penalty": 0, "metadata": {"a": "b"}}
    )
    assert answer.status_code == 200


def test_other_errors_have_the_form_too(client):
    assert error_of(client.get("/v1/nope"))["code"] is None
    assert (
        client.post(CHAT, content=b"{", headers={"content-type": "text/plain"}).status_code == 415
    )
    assert error_of(client.post(CHAT, content=b"{"))["type"] == "invalid_request_error"


def test_stream_that_breaks_ends_with_an_error_and_is_not_done(client):
    answer = client.post(CHAT, json=say("it breaks", stream=True))
    first, error = events_of(answer)
    assert first["choices"][0]["delta"]["content"] == "it"
    assert error["error"]["message"] == "The model failed"
    assert "secret" not in answer.text


def test_slow_chunk_ends_the_stream(client_of, parrot):
    client = client_of(parrot, service={"timeout": 0.2})
    _, error = events_of(client.post(CHAT, json=say("it hangs", stream=True)))
    assert (error["error"]["type"], error["error"]["code"]) == ("server_error", "timeout")
    assert parrot.cancelled.wait(10)


def test_models_are_listed(client):
    (entry,) = client.get("/v1/models").json()["data"]
    assert (entry["id"], entry["object"]) == ("parrot", "model")
    assert client.get("/v1/models/parrot").json() == entry
    assert error_of(client.get("/v1/models/gpt"))["code"] == "model_not_found"


def test_embeddings_are_numbers_or_base64(client_of):
    client = client_of(Lengths())
    body = {"model": "lengths", "input": ["a", "bb"]}
    answer = client.post(EMBEDDINGS, json=body).json()
    assert [item["embedding"] for item in answer["data"]] == [[1.0, 0.1], [2.0, 0.1]]
    assert [item["index"] for item in answer["data"]] == [0, 1]
    encoded = client.post(EMBEDDINGS, json={**body, "input": "a", "encoding_format": "base64"})
    assert encoded.json()["data"][0]["embedding"] == "AACAP83MzD0="


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"input": []}, "input must have 1 to 3 texts"),
        ({"input": [1, 2]}, "valid string"),
        ({"input": ["x"] * 4}, "input must have 1 to 3 texts"),
        ({"input": ["x", "rejected"]}, "not this"),
        ({"dimensions": 2}, "dimensions: is not supported"),
        ({"encoding_format": "int8"}, "Input should be 'float' or 'base64'"),
    ],
)
def test_invalid_texts_are_rejected(client_of, change, message):
    client = client_of(Lengths(), service={"max_inputs": 3})
    answer = client.post(EMBEDDINGS, json={"model": "lengths", "input": "x", **change})
    assert answer.status_code == 400
    assert message in error_of(answer)["message"]


@pytest.mark.parametrize(
    ("model", "path", "body", "message"),
    [
        (TextModel(), CHAT, HI, "The model 'echo' does not take chats"),
        (TextModel(), EMBEDDINGS, {"input": "x"}, "The model 'echo' does not return embeddings"),
        (Parrot(), EMBEDDINGS, {"input": "x"}, "The model 'parrot' does not return embeddings"),
        (Lengths(), CHAT, HI, "The model 'lengths' does not take chats"),
    ],
)
def test_model_of_another_purpose_says_so(client_of, model, path, body, message):
    answer = client_of(model).post(path, json={**body, "model": model.model_name})
    assert (answer.status_code, error_of(answer)["message"]) == (400, message)


def test_predictions_are_logged_and_counted_as_others(client, log):
    client.post(CHAT, json=HI, headers={"X-Request-ID": "whose"})
    assert "Prediction result: ChatResult(text='Hello you'" in log.getvalue()
    assert "request_id=whose" in log.getvalue()


def test_routes_are_in_the_documentation(client):
    paths = client.get("/openapi.json").json()["paths"]
    assert {CHAT, EMBEDDINGS, "/v1/models", "/v1/models/{name}"} <= {*paths}
