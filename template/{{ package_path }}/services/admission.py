"""Admission: as many requests at work as is worth it, a bounded queue behind them, no more."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import get_ident
from typing import Any

from ..config.settings import Settings
from ..core.errors import OverloadedError
from .inference_service import InferenceService


def install(service: InferenceService, settings: Settings) -> None:
    """Be ready only while a thread of the model is free or will be in time."""
    threads = TimedThreads(settings.service.threads, settings.service.timeout)
    service.runner.threads = threads
    service.checks.append(lambda: not threads.stuck)


class TimedThreads(ThreadPoolExecutor):
    """A pool of threads that knows since when each is busy.

    A call that ran out of time was answered, but its thread is taken until it really ends.
    """

    def __init__(self, threads: int, timeout_s: float) -> None:
        super().__init__(threads, "predict")
        self._timeout_s = timeout_s
        self._began: dict[int, float] = {}

    @property
    def stuck(self) -> bool:
        """Whether every thread is taken by a call that ran out of time."""
        late = time.monotonic() - self._timeout_s
        return sum(began < late for began in list(self._began.values())) >= self._max_workers

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call a function in a thread."""
        return super().submit(self._timed, fn, *args, **kwargs)

    def _timed(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self._began[get_ident()] = time.monotonic()
        try:
            return fn(*args, **kwargs)
        finally:
            del self._began[get_ident()]


class Gate:
    """Lets `running` requests in, and makes at most `waiting` others wait for their turn."""

    def __init__(self, running: int, waiting: int, patience_s: float) -> None:
        self.free = running
        """Places that are free."""
        self._max_waiting = waiting
        self._patience_s = patience_s
        self._queue: deque[asyncio.Future[None]] = deque()

    def check(self) -> None:
        """Raise `OverloadedError` where there is no place, not even in the queue."""
        if not self.free and len(self._queue) >= self._max_waiting:
            raise OverloadedError("Too many requests wait already")

    async def enter(self) -> None:
        """Wait for a place, in the order of arrival. Cancelling leaves the queue.

        Raises:
            OverloadedError: Too many wait already, or this one has waited too long.
        """
        if self.free:
            self.free -= 1
            return
        self.check()
        turn = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            async with asyncio.timeout(self._patience_s):
                await turn
        except BaseException as exc:
            if turn.done() and not turn.cancelled():
                self.leave()  # the place was given in the very moment of leaving
            elif turn in self._queue:
                self._queue.remove(turn)
            if isinstance(exc, TimeoutError):
                raise OverloadedError(f"No turn in {self._patience_s:g} s") from exc
            raise

    def leave(self) -> None:
        """Give the place to the next that waits."""
        while self._queue:
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.free += 1
