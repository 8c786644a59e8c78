"""A client that disconnects cancels the request to the upstream, and is no failure of it."""

import asyncio
from contextlib import aclosing, suppress

import pytest

from src.models.chat import Chat, Message
from src.services.streaming.streamer import streamer_of
from tests.engine.suite.openai_compatible import fake_upstream as fake

CHAT = Chat(messages=[Message(role="user", content="Hi")])


async def cancel_prediction(service, upstream):
    task = asyncio.create_task(service.predict(CHAT))
    while not upstream.requests:
        await asyncio.sleep(0.01)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def close_stream(service, _):
    async with aclosing(streamer_of(service).stream(CHAT)) as chunks:
        async for chunk in chunks:
            assert chunk.text == "Hel"
            break


async def cancel_stream(service, _):
    async def read():
        async for _ in streamer_of(service).stream(CHAT):
            started.set()

    started = asyncio.Event()
    task = asyncio.create_task(read())
    await started.wait()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    ("response", "leave"),
    [
        (fake.hang, cancel_prediction),
        (fake.stream("Hel", end=fake.hang), close_stream),
        (fake.stream("Hel", end=fake.hang), cancel_stream),
    ],
)
def test_disconnect_closes_the_request_and_leaves_the_breaker(serve, upstream, response, leave):
    client = serve(options={"open_after": 1})
    upstream.plan += [response]
    service = client.app.state.inference_service.pick()
    client.portal.call(leave, service, upstream)
    assert upstream.disconnected.wait(10)
    assert not service.runner.model.upstream.breaker.is_open
    assert client.post("/predict", json={"input": "Hi"}).status_code == 200
