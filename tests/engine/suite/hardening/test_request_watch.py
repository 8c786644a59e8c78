"""One request in progress: its body has a deadline, its client may disconnect."""

import asyncio
from typing import cast

import pytest

from src.api.dependencies import RequestState
from src.serving.limits import request_watch, slow_requests
from src.serving.limits.request_watch import RequestWatch
from src.serving.limits.slow_requests import SlowRequestTimer

LEAVES: dict[str, object] = {"type": "http.disconnect"}
UNDISTURBED = (False, False, False)  # late, disconnected, cancelled


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(slow_requests, "SLOW_AFTER_S", 0.01)


class Client:
    """A client that sends messages and counts the calls; silent after the last one."""

    def __init__(self, *messages: dict[str, object]) -> None:
        self.messages = list(messages)
        self.asked = 0

    async def receive(self):
        self.asked += 1
        return self.messages.pop(0) if self.messages else await asyncio.sleep(5)


def handled(client, *, reads=0.0, works=0.3, timeout_s=60.0, **state):
    """Read the body of a request for a while, then work; return the outcome."""
    made: list[RequestWatch] = []

    async def handle():
        it = RequestWatch(client.receive, cast(RequestState, state), timeout_s, SlowRequestTimer())
        made.append(it)
        try:
            if reads:
                await asyncio.sleep(reads)
            it.body_is_read()
            await asyncio.sleep(works)
        finally:
            it.end()

    async def check():
        task = asyncio.create_task(handle())
        await asyncio.wait([task])
        return made[0].late, made[0].disconnected, task.cancelled()

    return asyncio.run(check())


def test_late_body_cancels_the_request():
    assert handled(Client(), reads=60, timeout_s=0.02) == (True, False, True)


def test_body_that_comes_in_time_is_the_end_of_its_deadline():
    assert handled(Client(), reads=0.02, works=0.6, timeout_s=0.5) == UNDISTURBED


def test_client_that_leaves_cancels_the_request():
    client = Client({"type": "http.request"}, LEAVES)
    assert handled(client, works=60) == (False, True, True)
    assert client.asked == 2


def test_client_that_leaves_after_a_long_body_cancels_the_request():
    assert handled(Client(LEAVES), reads=0.02, works=60) == (False, True, True)


def test_client_that_leaves_with_its_answer_cancels_nothing():
    client = Client(LEAVES)
    assert handled(client, status=200) == UNDISTURBED
    assert client.asked == 1


@pytest.mark.parametrize("reads", [0, 0.001])
def test_short_request_is_not_looked_after(monkeypatch, reads):
    monkeypatch.setattr(slow_requests, "SLOW_AFTER_S", 60)
    client = Client(LEAVES)
    assert handled(client, reads=reads, works=0.001) == UNDISTURBED
    assert not client.asked


def test_nothing_is_interrupted_after_the_end():
    async def check():
        for reads in (True, False):
            it = RequestWatch(Client().receive, {}, 0.02, SlowRequestTimer())
            if not reads:
                it.body_is_read()
            it.on_slow()
            it.end()
            await asyncio.sleep(0.05)
            assert (it.late, it.disconnected) == (False, False)
            assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(check())


def test_body_is_given_once_more_and_then_what_comes():
    async def check():
        it = RequestWatch(Client(LEAVES).receive, {}, 1, SlowRequestTimer())
        receive = it.replay(b"body")
        assert await receive() == {"type": "http.request", "body": b"body", "more_body": False}
        assert await receive() == LEAVES
        it.end()

    asyncio.run(check())


@pytest.mark.parametrize(
    ("chunks", "ends", "max_bytes", "asked"),
    [(3, True, 100, 3), (9, True, 20, 2), (2, False, 100, 3)],
    ids=["to its end", "to a limit", "for a while"],
)
def test_rest_of_a_body_is_skipped(monkeypatch, chunks, ends, max_bytes, asked):
    async def check():
        it = RequestWatch(client.receive, {}, 1, SlowRequestTimer())
        await asyncio.wait_for(it.skip(max_bytes), 2)
        it.end()

    monkeypatch.setattr(request_watch, "SKIP_S", 0.05)
    parts: list[dict[str, object]] = [{"body": b"0123456789", "more_body": True}] * chunks
    client = Client(*parts[1:], parts[0] | {"more_body": not ends})
    asyncio.run(check())
    assert client.asked == asked
