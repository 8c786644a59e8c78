"""Shut down at SIGTERM: drain first, so that no request is lost."""

import asyncio
import logging
import signal
import time
from collections.abc import Callable
from types import FrameType

from .uvicorn_server import Server
from .worker import is_worker

logger = logging.getLogger(__name__)

SETTLE_S = 0.2  # for requests on connections that were accepted a moment ago
ECHO_S = 1  # one signal may arrive twice: from a process group, and forwarded by a launcher


class Drain:
    """Stop a server under load without losing a request.

    At the first SIGTERM the service stops being ready, and each response closes its connection,
    while requests are still served; then the server stops accepting connections, finishes the
    requests in progress and exits. At the second SIGTERM it exits at once; a worker leaves that to
    its supervisor.

    Args:
        server: The server that runs the service.
        seconds: How long requests are still accepted, so that load balancers notice the end.
        has_served: Whether there is anything to drain: not before the model is loaded.
    """

    def __init__(
        self, server: Server, seconds: float, has_served: Callable[[], bool] = lambda: True
    ) -> None:
        self.is_draining = False
        """Whether SIGTERM was received."""
        self._server = server
        self._seconds = seconds
        self._has_served = has_served
        self._began_at = 0.0
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None
        signal.signal(signal.SIGTERM, self._handle)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if not self.is_draining and not self._server.is_ending:
            self.is_draining, self._began_at = True, time.monotonic()
            self._loop.call_soon_threadsafe(self._begin, number, frame)
        elif not is_worker() and time.monotonic() - self._began_at > ECHO_S:
            self._server.end(number, frame, at_once=True)

    def _begin(self, number: int, frame: FrameType | None) -> None:
        self._task = self._loop.create_task(self._drain(number, frame))

    async def _drain(self, number: int, frame: FrameType | None) -> None:
        seconds = self._seconds if self._has_served() else 0
        logger.info("Draining for %g s", seconds)
        self._server.close_after_responses()
        await asyncio.sleep(seconds)
        self._server.stop_accepting()
        await asyncio.sleep(SETTLE_S)
        self._server.end(number, frame)
