"""Who takes long: one timer for all requests, because one for each would cost more than most."""

import asyncio
from typing import Protocol

LOOK_AFTER_S = 0.05  # most requests are answered before; only longer ones are looked after


class Long(Protocol):
    """What is told that it takes long."""

    def look_after(self) -> None:
        """Be looked after from now on."""


class Lookout:
    """Tells each that is added, and not removed in time, that it takes long."""

    def __init__(self) -> None:
        self._due: dict[Long, float] = {}  # in the order of time, because all wait equally long
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def add(self, request: Long) -> None:
        """Look after it, if it is still there after a while."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # another test, say: what waited in the last one is gone
            self._loop, self._timer, self._due = loop, None, {}
        self._due[request] = loop.time() + LOOK_AFTER_S
        if self._timer is None:
            self._timer = loop.call_later(LOOK_AFTER_S, self._look)

    def remove(self, request: Long) -> None:
        """Forget it."""
        self._due.pop(request, None)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        for request, due in list(self._due.items()):
            if due > loop.time():
                self._timer = loop.call_at(due, self._look)
                break
            self.remove(request)
            request.look_after()
