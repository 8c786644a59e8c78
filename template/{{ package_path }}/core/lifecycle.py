"""How the process ends: after a drain when it is asked to, at once when it is stuck."""

import asyncio
import faulthandler
import logging
import multiprocessing
import signal
import time
from types import FrameType
from typing import Any

logger = logging.getLogger(__name__)

SETTLE_S = 0.2  # for requests on connections that were accepted a moment ago
ECHO_S = 1  # one stop may arrive twice: from a process group, and passed on by a launcher


def is_worker() -> bool:
    """Tell whether another process of the service started this one, also while it is imported."""
    return multiprocessing.current_process().name != "MainProcess"


class Drain:
    """Lets a server under load end without losing a request.

    At the first SIGTERM the service says that it is not ready, and each answer closes its
    connection, while requests are still served; then the server stops to accept connections,
    finishes what it has begun and ends. At the second, it ends now; a worker leaves that to the
    process that started it.

    Args:
        server: The `uvicorn.Server` that runs the service.
        seconds: How long requests are still taken, so that whoever sends them learns of the end.
    """

    def __init__(self, server: Any, seconds: float) -> None:
        self.begun = False
        """Whether the end was asked for."""
        self._server = server
        self._seconds = seconds
        self._begun_at = 0.0
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None
        signal.signal(signal.SIGTERM, self._handle)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if not self.begun and not self._server.should_exit:
            self.begun, self._begun_at = True, time.monotonic()
            self._loop.call_soon_threadsafe(self._begin, number, frame)
        elif not is_worker() and time.monotonic() - self._begun_at > ECHO_S:
            self._server.force_exit = True
            self._server.handle_exit(number, frame)

    def _begin(self, number: int, frame: FrameType | None) -> None:
        self._task = self._loop.create_task(self._drain(number, frame))

    async def _drain(self, number: int, frame: FrameType | None) -> None:
        logger.info("Draining for %g s", self._seconds)
        close = (b"connection", b"close")
        self._server.config.encoded_headers.append(close)
        self._server.server_state.default_headers = [
            *self._server.server_state.default_headers,
            close,
        ]
        await asyncio.sleep(self._seconds)
        for listener in self._server.servers:
            listener.close()
        await asyncio.sleep(SETTLE_S)
        self._server.handle_exit(number, frame)


class Watchdog:
    """Ends the process, with the stacks of all threads, when the event loop has been blocked.

    Whoever runs the process starts another: the supervisor of several workers, or the platform.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._task = asyncio.create_task(self._watch()) if seconds else None

    def stop(self) -> None:
        """Watch no longer."""
        if self._task:
            self._task.cancel()
            faulthandler.cancel_dump_traceback_later()

    async def _watch(self) -> None:
        while True:
            faulthandler.dump_traceback_later(self._seconds, exit=True)
            await asyncio.sleep(min(self._seconds / 4, 1))
