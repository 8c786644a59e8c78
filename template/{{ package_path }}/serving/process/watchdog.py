"""End the process when the event loop is blocked too long."""

import asyncio
import faulthandler
import time
from typing import Any

from .forking import AtFork


class Watchdog(AtFork):
    """End the process, with the stacks of all threads, when the event loop is blocked too long.

    The supervisor of several workers, or the platform, starts another process.

    Args:
        seconds: How long it may be blocked; 0 means no limit.
        ready: Watch only once this is done: loading a model may block the interpreter for long.
    """

    def __init__(self, seconds: float, ready: asyncio.Future[Any] | None = None) -> None:
        self._seconds = seconds
        self._ends_at = 0.0
        self._is_forking = False
        self._task = asyncio.create_task(self._watch(ready)) if seconds else None
        self.watch_forks()

    def stop(self) -> None:
        """Stop watching."""
        self.ignore_forks()
        if self._task:
            self._task.cancel()
            faulthandler.cancel_dump_traceback_later()

    async def _watch(self, ready: asyncio.Future[Any] | None) -> None:
        if ready:
            await asyncio.wait({ready})
        while True:
            self._ends_at = time.monotonic() + self._seconds
            if not self._is_forking:
                faulthandler.dump_traceback_later(self._seconds, exit=True)
            await asyncio.sleep(min(self._seconds / 4, 1))

    def before_fork(self) -> None:
        """Stop the timer: a forked process would wait on exit for its thread."""
        self._is_forking = True
        if self._ends_at:
            faulthandler.cancel_dump_traceback_later()

    def after_fork(self) -> None:
        """Restart the timer with the rest of its time."""
        self._is_forking = False
        if self._ends_at:
            rest = max(self._ends_at - time.monotonic(), 0.001)
            faulthandler.dump_traceback_later(rest, exit=True)
