"""Events on their way to a client that reads them, or does not."""

import asyncio
import logging

import pytest

from src.api.streaming.event_stream import EventStream
from src.core.errors import PredictionError


async def numbers(*, fails=False):
    yield {"number": 1}
    if fails:
        raise PredictionError("no more")
    yield {"number": 2}


def sent_by(response, send_s=0.0):
    """Return the ASGI messages sent to a client, and their bodies joined."""
    messages = []

    async def send(message):
        await asyncio.sleep(send_s)
        messages.append(message)

    async def receive():
        await asyncio.sleep(5)
        return {"type": "http.disconnect"}

    asyncio.run(response({"type": "http"}, receive, send))
    return messages, b"".join(message.get("body", b"") for message in messages)


def test_each_value_is_an_event():
    messages, body = sent_by(EventStream(numbers(), 1, {"X-Model-Name": "echo"}))
    assert body == b'data: {"number":1}\n\ndata: {"number":2}\n\n'
    assert dict(messages[0]["headers"])[b"x-model-name"] == b"echo"
    assert [message.get("more_body") for message in messages] == [None, True, True, False]


def test_error_is_the_last_event():
    _, body = sent_by(EventStream(numbers(fails=True), 1, {}))
    assert body == b'data: {"number":1}\n\ndata: {"error":"no more"}\n\n'


def test_client_that_does_not_read_is_left(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.INFO):
        messages, _ = sent_by(EventStream(numbers(), 0.01, {}), send_s=5)
    assert not messages
    assert "Closed a stream: its client stopped reading" in caplog.text
