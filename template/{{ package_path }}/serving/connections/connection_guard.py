"""Deadlines of connections, and room for new ones when file descriptors run short."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp

CHECK_INTERVAL_S = 0.5
NEVER = float("inf")
IDLE, HEADERS, SEND, BODY = range(4)  # what the server waits for; the lowest is closed first
NO_WAIT = 4, NEVER
Unsent = dict[Any, tuple[int, float]]
"""Unsent bytes of each connection, and the deadline of its client to read them."""
SLOWEST = 1000  # bytes a second in each direction; slower transfers run into the deadline
MOST_CONNECTIONS = 10_000
# Shares of all file descriptors; file responses and the model need some too.
CROWDED, FULL = 1 / 2, 9 / 10


@dataclass
class ConnectionLimits:
    """Bounds of a connection, in seconds and bytes."""

    unavailable: ASGIApp
    """App for a request that exceeds the number of connections."""
    too_large: ASGIApp
    """App for a request whose headers are too large."""
    headers_s: float = 10
    body_s: float = 20
    send_s: float = 20
    max_header_bytes: int = 64_000
    on_reject: Callable[[str], object] = lambda _: None
    """Called with the reason when a connection is closed."""
    is_strict: bool = False
    """Whether the service must not run on a server without these bounds."""


class ConnectionGuard:
    """Close connections whose client is late, and idle ones to make room for new ones."""

    def __init__(self, connections: set[Any], limits: ConnectionLimits) -> None:
        self.limits = limits
        self._connections = connections
        self._unsent: Unsent = {}
        self._task = asyncio.create_task(self._check_regularly())

    def stop(self) -> None:
        """Stop checking connections."""
        self._task.cancel()

    def has_room(self, connection: Any) -> bool:
        """Return whether a new connection can be served; close another one if necessary."""
        # The system assigns the lowest free number, so a high one means that most are in use.
        number: int = connection.transport.get_extra_info("socket").fileno()
        limit = descriptors()
        if number < limit * CROWDED and len(self._connections) <= MOST_CONNECTIONS:
            return True
        waits = {other: self._wait(other) for other in self._connections - {connection}}
        longest = min(waits, key=lambda other: waits[other], default=None)
        if longest is None or waits[longest] == NO_WAIT:
            return number < limit * FULL
        self.limits.on_reject("connections")
        longest.transport.abort()
        return True

    def _wait(self, connection: Any) -> tuple[int, float]:
        """Return what the server waits for, and the deadline; the lowest is closed first."""
        if connection.transport.get_write_buffer_size():
            return SEND, self._unsent.get(connection, (0, NEVER))[1]
        if connection.transport.is_closing() or not hasattr(connection, "wait"):
            return NO_WAIT
        wait: tuple[int, float] = connection.wait()
        return wait

    async def _check_regularly(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(min(CHECK_INTERVAL_S, self.limits.headers_s / 2))
            now = loop.time()
            before, self._unsent = self._unsent, {}
            for connection in list(self._connections):
                if self._is_stalled(connection, before, now):
                    self.limits.on_reject("slow_reader")
                    connection.transport.abort()
                elif getattr(connection, "due", NEVER) < now:
                    connection.end_wait(now)

    def _is_stalled(self, connection: Any, before: Unsent, now: float) -> bool:
        """Return whether the client reads its response too slowly."""
        unsent: int = connection.transport.get_write_buffer_size()
        if not unsent:
            return False
        latest = now + self.limits.send_s
        last, due = before.get(connection, (unsent, latest))
        due = min(latest, due + abs(last - unsent) / SLOWEST)
        self._unsent[connection] = unsent, due
        return due < now


def descriptors() -> float:
    """Return how many file descriptors this process may open."""
    limit = os.sysconf("SC_OPEN_MAX") if hasattr(os, "sysconf") else 0  # Windows has none
    return limit if limit > 0 else NEVER
