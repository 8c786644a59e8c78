"""One timer for all slow requests: a timer for each request would cost too much."""

import asyncio
from typing import Protocol

SLOW_AFTER_S = 0.05  # most requests end earlier


class SlowRequest(Protocol):
    """A request with a callback for when it is slow."""

    def on_slow(self) -> None:
        """Handle that the request takes longer than `SLOW_AFTER_S`."""


class SlowRequestTimer:
    """One timer for all requests that take longer than 50 ms."""

    def __init__(self) -> None:
        self._due: dict[SlowRequest, float] = {}  # sorted by time, because all wait equally long
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def add(self, request: SlowRequest) -> None:
        """Call `on_slow` of a request unless it is removed in time."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # as in tests: requests of the last loop are gone
            self._loop, self._timer, self._due = loop, None, {}
        self._due[request] = loop.time() + SLOW_AFTER_S
        if self._timer is None:
            self._timer = loop.call_later(SLOW_AFTER_S, self._check)

    def remove(self, request: SlowRequest) -> None:
        """Stop timing a request."""
        self._due.pop(request, None)

    def _check(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        for request, due in list(self._due.items()):
            if due > loop.time():
                self._timer = loop.call_at(due, self._check)
                break
            self.remove(request)
            request.on_slow()
