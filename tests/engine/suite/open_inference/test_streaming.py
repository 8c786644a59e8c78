"""Predictions in chunks, by server-sent events."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any, ClassVar

import anyio
import pytest
from pydantic import BaseModel

from src.app import create_app
from src.config.settings import Settings
from src.core import errors
from src.models.base import Model
from tests.conftest import NumericModel, TextModel


class Prompt(BaseModel):
    text_input: str
    words: int = 2


class Generator(Model):
    """A model that yields its prompt several times, or fails."""

    model_name: ClassVar[str] = "words"
    version: ClassVar[str] = "1.0.0"

    def __init__(self) -> None:
        self.goes_on = threading.Event()

    def predict(self, input_data: Prompt) -> str:
        return "".join(self.predict_stream(input_data))

    def predict_stream(self, input_data: Prompt) -> Iterator[str]:
        if input_data.text_input == "refused":
            raise errors.InvalidInputError("not this")
        for number in range(input_data.words):
            if number and input_data.text_input == "breaks":
                raise RuntimeError("secret")
            if number and input_data.text_input == "hangs":
                self.goes_on.wait(5)
            yield f"{input_data.text_input} "


class Countdown(NumericModel):
    """A model that streams numbers instead of text."""

    def predict_stream(self, input_data: list[float]) -> Iterator[float]:
        yield from input_data


@pytest.fixture
def client(client_of):
    model = Generator()
    yield client_of(model, service={"timeout": 0.3})
    model.goes_on.set()


def events_of(answer):
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    *events, rest = answer.text.split("\n\n")
    assert not rest
    return [json.loads(event.removeprefix("data: ")) for event in events]


def generate(client, text, path="generate_stream", **more):
    body = {"text_input": text, **more}
    return client.post(f"/v2/models/words/{path}", content=json.dumps(body))


def test_text_comes_in_parts(client):
    answer = generate(client, "a", id="7", parameters={"words": 3, "other": 1})
    part = {"model_name": "words", "model_version": "1.0.0", "id": "7", "text_output": "a "}
    assert events_of(answer) == [part] * 3
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-model-name"] == "words"


def test_text_comes_in_one_piece(client):
    answer = generate(client, "a", path="generate")
    whole = {"model_name": "words", "model_version": "1.0.0", "text_output": "a a "}
    assert answer.json() == whole
    assert answer.headers["x-model-version"] == "1.0.0"


def test_model_without_parts_streams_one(client_of):
    answer = client_of(TextModel()).post(
        "/v2/models/echo/versions/1.2.3/generate_stream", content='{"text_input": "a"}'
    )
    assert [event["text_output"] for event in events_of(answer)] == ["A"]


@pytest.mark.parametrize(
    ("text", "more", "status", "problem"),
    [
        ("refused", {}, 400, "not this"),
        ("a", {"parameters": {"words": "x"}}, 400, "input words: "),
        (7, {}, 400, "text_input: "),
    ],
)
def test_failure_before_the_first_part_is_an_answer_of_its_own(client, text, more, status, problem):
    answer = generate(client, text, **more)
    assert (answer.status_code, list(answer.json())) == (status, ["error"])
    assert problem in answer.json()["error"]


@pytest.mark.parametrize(
    ("text", "problem"), [("breaks", "The model failed"), ("hangs", "No chunk within 0.3 s")]
)
def test_failure_on_the_way_is_the_last_event(client, text, problem):
    first, last = events_of(generate(client, text))
    assert first["text_output"] == f"{text} "
    assert last == {"error": problem}


def test_parts_of_any_type_come_at_predict_stream(client_of):
    client = client_of(Countdown())
    answer = client.post("/predict/stream", json={"input": [2.0, 1.0]})
    assert events_of(answer) == [{"prediction": 2.0}, {"prediction": 1.0}]
    assert client.post("/predict/stream", json={"input": "x"}).status_code == 422
    assert client.post("/v2/models/mean/generate", content="{}").status_code == 404
    assert "generate" not in client.get("/v2").json()["extensions"]


def test_cheap_model_streams_in_a_thread_too(client_of):
    class Inline(Countdown):
        inline: ClassVar[bool] = True

        def predict_stream(self, input_data: list[float]) -> Iterator[float]:
            yield float(threading.current_thread() is threading.main_thread())
            yield float(threading.current_thread().name.startswith("predict"))

    answer = client_of(Inline()).post("/predict/stream", json={"input": [2.0]})
    assert events_of(answer) == [{"prediction": 0.0}, {"prediction": 1.0}]


def test_stream_that_does_not_begin_in_time_is_504(client_of):
    class Late(Countdown):
        def predict_stream(self, input_data: list[float]) -> Iterator[float]:
            threading.Event().wait(0.3)
            return iter(input_data)

    client = client_of(Late(), service={"timeout": 0.05})
    assert client.post("/predict/stream", json={"input": [2.0]}).status_code == 504


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (TimeoutError("s3cr3t"), "The model failed"),
        (errors.TransientModelError("s3cr3t"), "The model is temporarily unavailable"),
    ],
)
def test_message_of_an_error_of_the_model_stays_inside(client_of, error, problem):
    class Failing(Countdown):
        def predict_stream(self, input_data: list[float]) -> Iterator[float]:
            yield 1.0
            raise error

    answer = client_of(Failing()).post("/predict/stream", json={"input": [2.0]})
    assert events_of(answer) == [{"prediction": 1.0}, {"error": problem}]


def test_parameters_are_no_nan_and_do_not_replace_the_text(client):
    assert generate(client, "a", parameters={"words": float("nan")}).status_code == 400
    (first, *_) = events_of(generate(client, "a", parameters={"text_input": "b"}))
    assert first["text_output"] == "a "


def test_only_models_that_stream_have_the_route(client_of):
    assert client_of(TextModel()).post("/predict/stream", json={"input": "a"}).status_code == 404


def test_part_that_is_not_of_its_type_is_an_error(client_of):
    class Wrong(Countdown):
        def predict_stream(self, input_data: list[float]) -> Iterator[float]:
            yield input_data[0]
            yield float("nan")

    answer = client_of(Wrong()).post("/predict/stream", json={"input": [2.0]})
    assert events_of(answer) == [{"prediction": 2.0}, {"error": "The model failed"}]


def test_stream_without_a_part_is_empty(client_of):
    answer = client_of(Countdown()).post("/predict/stream", json={"input": []})
    assert events_of(answer) == []


def test_parts_have_a_declared_type(client_of):
    class Undeclared(NumericModel):
        def predict_stream(self, input_data):
            yield from input_data

    with pytest.raises(errors.ConfigError, match=r"Undeclared\.predict_stream needs a return type"):
        client_of(Undeclared())


@pytest.mark.parametrize("model", [Generator, Countdown])
def test_stream_is_in_the_document(client_of, model):
    paths = client_of(model()).get("/openapi.json").json()["paths"]
    assert list(paths["/predict/stream"]["post"]["responses"]["200"]["content"]) == [
        "text/event-stream"
    ]


def test_parameters_may_stand_beside_the_text(client):
    assert len(events_of(generate(client, "a", words=3))) == 3
    assert len(events_of(generate(client, "a", words=3, parameters={"words": 1}))) == 1


def test_stream_is_not_slow_as_long_as_it_begins_soon(client_of, log):
    client = client_of(Generator(), service={"timeout": 0.1, "slow_after": 0.05})
    assert len(events_of(generate(client, "hangs"))) == 2
    assert "Slow response: POST" not in log.getvalue()


def test_stream_is_logged_as_a_prediction_is(client, log):
    generate(client, "a")
    assert "Making prediction for input: Prompt(" in log.getvalue()
    assert "Prediction result: ['a ', 'a ']" in log.getvalue()


class RemoteGenerator(Generator):
    """A model that yields its prompt several times, on the event loop."""

    async def predict(self, input_data: Prompt) -> str:  # type: ignore[override]
        return "".join([chunk async for chunk in self.predict_stream(input_data)])

    async def predict_stream(self, input_data: Prompt) -> AsyncIterator[str]:  # type: ignore[override]
        try:
            for number in range(input_data.words):
                if number and input_data.text_input == "breaks":
                    raise RuntimeError("secret")
                await asyncio.sleep(5 if input_data.text_input == "hangs" else 0)
                yield f"{input_data.text_input} "
        finally:
            await asyncio.sleep(0)
            self.goes_on.set()


class Scoped(RemoteGenerator):
    """A model whose stream has a time limit of its own around its chunks."""

    async def predict_stream(self, input_data: Prompt) -> AsyncIterator[str]:  # type: ignore[override]
        if input_data.text_input == "late":
            async with asyncio.timeout(0.05):
                yield "first "
                await asyncio.sleep(5)
        with anyio.fail_after(5):
            yield "first "
            yield "second "


def test_scopes_of_a_generator_hold_over_its_chunks(client_of):
    client = client_of(Scoped())
    answer = client.post("/predict/stream", json={"input": {"text_input": "a"}})
    assert events_of(answer) == [{"prediction": "first "}, {"prediction": "second "}]
    answer = client.post("/predict/stream", json={"input": {"text_input": "late"}})
    assert events_of(answer) == [{"prediction": "first "}, {"error": "The model failed"}]


def test_asynchronous_generator_is_streamed_and_closed(client_of):
    model = RemoteGenerator()
    client = client_of(model, service={"timeout": 0.3})
    answer = generate(client, "a", parameters={"words": 3})
    assert [event["text_output"] for event in events_of(answer)] == ["a ", "a ", "a "]
    assert model.goes_on.is_set()
    assert events_of(generate(client, "breaks"))[-1] == {"error": "The model failed"}
    model.goes_on.clear()
    assert generate(client, "hangs").status_code == 504
    assert model.goes_on.is_set(), "cancelled"
    answer = client.post("/predict/stream", json={"input": {"text_input": "b"}})
    assert events_of(answer) == [{"prediction": "b "}] * 2


class Endless(TextModel):
    """A model whose stream never ends by itself, and whose cleanup takes a moment."""

    def __init__(self) -> None:
        super().__init__()
        self.closed = 0

    async def predict_stream(self, input_data: str) -> AsyncIterator[str]:
        try:
            while True:
                yield "x"
                await asyncio.sleep(0.01)
        finally:
            await asyncio.sleep(0.05)
            self.closed += 1


def test_client_that_disconnects_leaves_the_stream_time_to_close():
    model, body = Endless(), b'{"input": "x"}'
    headers = [(b"content-type", b"application/json"), (b"content-length", b"14")]
    scope: dict[str, Any] = {"type": "http", "method": "POST", "path": "/predict/stream"}
    scope |= {"query_string": b"", "headers": headers, "state": {}, "root_path": ""}

    async def run():
        app = create_app(Settings(), model=model)
        has_begun, sent = asyncio.Event(), iter([{"type": "http.request", "body": body}])

        async def receive():
            if message := next(sent, None):
                return message
            await has_begun.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            if message.get("body"):
                has_begun.set()

        async with app.router.lifespan_context(app):
            await app.state.loading
            before = model.closed  # of the example
            await asyncio.wait_for(app(scope, receive, send), 10)
            assert model.closed == before + 1

    asyncio.run(run())
