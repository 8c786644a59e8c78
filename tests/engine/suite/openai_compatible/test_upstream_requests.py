"""Requests to an upstream, and its responses."""

import asyncio
import json
from typing import ClassVar

import pytest

from src.core.errors import ConfigError
from src.models.chat import Chat, Message
from src.models.openai_backend import OpenAIBase, OpenAIEmbedder
from tests.engine.suite.openai_compatible.conftest import Assistant
from tests.engine.suite.openai_compatible.fake_upstream import completion, reply, stream

RESULT = {"text": "Hello", "finish_reason": "stop", "prompt_tokens": 7, "completion_tokens": 3}


class Embedder(OpenAIEmbedder):
    model_name: ClassVar[str] = "embedder"
    version: ClassVar[str] = "1"
    example: ClassVar[str] = "Hello"


def events_of(answer):
    return [json.loads(line[6:]) for line in answer.text.splitlines() if line[:5] == "data:"]


def test_text_is_one_message_of_the_user(serve, upstream):
    client = serve()
    answer = client.post("/predict", json={"input": "Hi"})
    assert answer.json() == {"prediction": RESULT}
    (request,) = upstream.requests
    messages = [{"role": "user", "content": "Hi"}]
    assert request.body == {"model": "tiny", "messages": messages}


def test_chat_is_sent_with_what_it_sets_and_with_the_options(serve, upstream):
    client = serve(options={"max_tokens": 5, "extra": {"top_k": 3}})
    messages = [{"role": "system", "content": "Be kind"}, {"role": "user", "content": "Hi"}]
    chat = {"messages": messages, "temperature": 0, "stop": ["."], "seed": 1, "top_p": 0.5}
    client.post("/predict", json={"input": chat})
    client.post("/predict", json={"input": {**chat, "max_tokens": 9}})
    first, second = (request.body for request in upstream.requests)
    assert first == {**chat, "model": "tiny", "max_tokens": 5, "top_k": 3}
    assert second["max_tokens"] == 9


def test_key_and_request_id_reach_the_upstream(serve, upstream):
    serve().post("/predict", json={"input": "Hi"}, headers={"X-Request-ID": "abc-1"})
    headers = upstream.requests[0].headers
    assert headers["authorization"] == "Bearer s3cret"
    assert headers["x-request-id"] == "abc-1"


def test_key_of_the_environment_is_not_sent_to_an_upstream_without_one(serve, upstream):
    serve(options={"api_key": ""}).post("/predict", json={"input": "Hi"})
    assert upstream.requests[0].headers["authorization"] == "Bearer none"


def test_key_is_in_no_line_and_no_response(serve, log):
    client = serve()
    client.post("/predict", json={"input": "Hi"})
    pages = [client.get(path).text for path in ("/info", "/openapi.json", "/metrics")]
    assert "s3cret" not in log.getvalue() + "".join(pages)


def test_equal_inputs_are_sent_again(serve, upstream):
    client = serve()
    for _ in range(2):
        client.post("/predict", json={"input": "Hi"})
    assert len(upstream.requests) == 2


def test_stream_has_the_chunks_then_the_reason_and_the_tokens(serve, upstream):
    client = serve()
    upstream.plan.append(stream("Hel", "", "lo"))
    answer = client.post("/predict/stream", json={"input": "Hi"})
    *texts, last = (event["prediction"] for event in events_of(answer))
    assert [chunk["text"] for chunk in texts] == ["Hel", "lo"]
    assert last == {**RESULT, "text": ""}
    assert upstream.requests[0].body["stream_options"] == {"include_usage": True}


def test_result_without_usage_has_no_tokens(serve, upstream):
    client = serve()
    upstream.plan.append(reply(completion(usage=None)))
    result = client.post("/predict", json={"input": "Hi"}).json()["prediction"]
    assert (result["prompt_tokens"], result["completion_tokens"]) == (0, 0)


def test_tokens_are_counted(serve):
    client = serve()
    client.post("/predict", json={"input": "Hi"})
    client.post("/predict/stream", json={"input": "Hi"})
    metrics = client.get("/metrics").text
    # The warm-up of `predict`, too, but not that of the stream, which ends early.
    assert 'upstream_tokens_total{kind="prompt",model="assistant"} 21.0' in metrics
    assert 'upstream_tokens_total{kind="completion",model="assistant"} 9.0' in metrics


def test_embeddings_of_a_batch_are_one_request_in_order(serve, upstream):
    client = serve(Embedder())
    texts = ["a", "bb", "ccc"]
    answer = client.post("/predict", json={"input": "four"})
    assert answer.json() == {"prediction": [4.0, 0.5]}
    upstream.requests.clear()
    model = client.app.state.inference_service.runner.model
    assert client.portal is not None
    vectors = client.portal.call(model.predict_batch, texts)
    assert vectors == [[1.0, 0.5], [2.0, 0.5], [3.0, 0.5]]
    assert len(upstream.requests) == 1
    assert upstream.requests[0].body["input"] == texts


def test_missing_embedding_is_an_error(serve, upstream):
    client = serve(Embedder())
    upstream.plan.append(reply({"object": "list", "data": []}))
    assert client.post("/predict", json={"input": "four"}).status_code == 502


def test_own_options_extend_those_of_the_backend():
    with pytest.raises(ConfigError, match=r"Options must extend OpenAIBase\.Options"):

        class Own(OpenAIBase):
            class Options(OpenAIBase.__base__.Options):  # type: ignore[name-defined]
                pass


def test_password_in_the_address_is_rejected():
    with pytest.raises(ValueError, match="base_url"):
        Assistant.Options(base_url="http://me:secret@127.0.0.1/v1", model="tiny")


def test_model_completes_outside_of_a_request(upstream):
    model = Assistant()
    model.options = Assistant.Options(base_url=upstream.start().url, model="tiny")

    async def complete():
        await model.load()
        try:
            return await model.complete(Chat(messages=[Message(role="user", content="Hi")]))
        finally:
            await model.unload()

    assert asyncio.run(complete()).text == "Hello"
    assert "x-request-id" not in upstream.requests[0].headers
