"""Admission: a bounded number of requests at work, and a bounded queue."""

import asyncio
from collections import deque

from ...core.errors import OverloadedError


class Gate:
    """Let `running` requests run at a time, and at most `waiting` others wait for a slot."""

    def __init__(self, running: int, waiting: int, patience_s: float) -> None:
        self.free = running
        """Number of free slots."""
        self._max_waiting = waiting
        self._patience_s = patience_s
        self._queue: deque[asyncio.Future[None]] = deque()

    def check(self) -> None:
        """Raise `OverloadedError` if there is no free slot and the queue is full."""
        if not self.free and len(self._queue) >= self._max_waiting:
            raise OverloadedError("Too many requests are waiting")

    async def acquire(self) -> None:
        """Wait for a slot, in the order of arrival. Cancelling removes the request from the queue.

        Raises:
            OverloadedError: The queue is full, or the request waited too long.
        """
        if self.free:
            self.free -= 1
            return
        self.check()
        slot = asyncio.get_running_loop().create_future()
        self._queue.append(slot)
        try:
            async with asyncio.timeout(self._patience_s):
                await slot
        except BaseException as exc:
            if slot.done() and not slot.cancelled():
                self.release()  # assigned and cancelled at the same time
            elif slot in self._queue:
                self._queue.remove(slot)
            if isinstance(exc, TimeoutError):
                raise OverloadedError(f"No free slot within {self._patience_s:g} s") from exc
            raise

    def release(self) -> None:
        """Pass the slot to the next request in the queue."""
        while self._queue:
            slot = self._queue.popleft()
            if not slot.done():
                slot.set_result(None)
                return
        self.free += 1


class Slot:
    """A slot of a gate that a request can release and acquire again."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._is_held = True

    def release(self) -> None:
        """Release the slot if it is held."""
        if self._is_held:
            self._is_held = False
            self._gate.release()

    async def acquire(self) -> None:
        """Acquire the slot again unless it is held."""
        if not self._is_held:
            await self._gate.acquire()
            self._is_held = True
