"""A slow request is notified once, in time; one timer serves all."""

import asyncio

import pytest

from src.serving.limits import slow_requests
from src.serving.limits.slow_requests import SlowRequestTimer


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(slow_requests, "SLOW_AFTER_S", 0.03)


class Request:
    """A request that records when it is reported as slow."""

    def __init__(self, it: SlowRequestTimer) -> None:
        self.told: list[float] = []
        self.is_told = asyncio.Event()
        self._since = asyncio.get_running_loop().time()
        it.add(self)

    def on_slow(self) -> None:
        self.told.append(asyncio.get_running_loop().time() - self._since)
        self.is_told.set()


async def added_in_turn(it):
    """Add a request, one that ends soon, and another one later; wait for the two others."""
    first, short = Request(it), Request(it)
    it.remove(short)
    await asyncio.sleep(0.01)
    second = Request(it)
    async with asyncio.timeout(60):
        await first.is_told.wait()
        await second.is_told.wait()
    assert not short.told
    for request in (first, second):
        (seconds,) = request.told
        assert seconds > 0.029
    it.remove(first)


def test_each_is_told_once_in_time():
    async def check():
        it = SlowRequestTimer()
        for _ in range(2):  # also after a time without a request
            await added_in_turn(it)

    asyncio.run(check())


def test_another_event_loop_has_a_timer_of_its_own():
    async def leave_a_timer():
        Request(it)

    it = SlowRequestTimer()
    asyncio.run(leave_a_timer())
    asyncio.run(added_in_turn(it))
