"""HTTP/1.1 below the app: exactly one response a request, within deadlines."""

import asyncio
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from .connection_guard import BODY, HEADERS, IDLE, NEVER, NO_WAIT, SLOWEST, ConnectionGuard
from .upgrades import feed, is_handshake

CLOSE = b"\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
BAD_REQUEST = b"HTTP/1.1 400 Bad Request" + CLOSE
TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large" + CLOSE


class GuardedProtocol(HttpToolsProtocol):
    """Decline upgrades, reject ambiguous requests, and track the client's deadlines."""

    def __init__(self, guard: ConnectionGuard, **options: Any) -> None:
        super().__init__(**options)
        self.due = NEVER
        """Deadline for the headers or the body that the client has to send."""
        self.header_bytes = 0
        self._earlier: list[RequestResponseCycle] = []
        self._guard, self._limits = guard, guard.limits

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Expect headers; respond 503 if there is no room for another connection."""
        super().connection_made(transport)
        self.due = self.loop.time() + self._limits.headers_s
        if not self._guard.has_room(self):
            self.app = self._limits.unavailable

    def connection_lost(self, exc: Exception | None) -> None:
        """Mark all requests as disconnected; Uvicorn itself marks only the last one."""
        for cycle in self._earlier:
            cycle.disconnected = True
            cycle.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse data; count bytes outside of bodies: headers, trailers, data between requests."""
        self._unset_keepalive_if_required()
        if not self.cycle or self.cycle.response_complete:
            self.due = min(self.due, self.loop.time() + self._limits.headers_s)
        self.header_bytes += len(data)
        try:
            feed(self, data)
        except httptools.HttpParserError:
            self.logger.warning("Invalid HTTP request received.")
            self.reject("no_http", BAD_REQUEST)
        else:
            if self.header_bytes > self._limits.max_header_bytes:
                self.reject("headers", TOO_LARGE)

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over; close it if the handshake does not complete in time."""
        super().handle_websocket_upgrade()
        self.loop.call_later(self._limits.headers_s, self._end_handshake)

    def _end_handshake(self) -> None:
        if not getattr(self.transport.get_protocol(), "handshake_complete", True):
            self.transport.abort()

    def on_message_begin(self) -> None:
        """Expect headers."""
        super().on_message_begin()
        self.due = min(self.due, self.loop.time() + self._limits.headers_s)

    def on_headers_complete(self) -> None:
        """Start the request, unless it has to be parsed again without its upgrade."""
        if self.parser.should_upgrade():
            if self.parser.get_method() == b"CONNECT":
                raise ValueError("CONNECT is for proxies")
            if is_handshake(self):
                super().on_headers_complete()
            return
        hosts = [name for name, _ in self.headers if name == b"host"]
        if len(hosts) != 1 and (hosts or self.parser.get_http_version() == "1.1"):
            raise ValueError("exactly one Host header is required")
        app, earlier = self.app, self.cycle
        if self.header_bytes > self._limits.max_header_bytes and self._is_too_large():
            self._limits.on_reject("headers")
            self.app = self._limits.too_large  # received at once, perhaps with a body
        self.due, self.header_bytes = self.loop.time() + self._limits.body_s, 0
        super().on_headers_complete()
        self.app = app
        if self.pipeline:
            self._earlier.append(earlier)
        else:
            self._earlier.clear()
        self.headers = []  # do not take trailers for headers

    def on_body(self, body: bytes) -> None:
        """Receive a chunk of a body; a large one extends the deadline."""
        self.header_bytes = 0
        self.due += len(body) / SLOWEST
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Stop the deadline; trailers count as headers."""
        if self.parser.should_upgrade():
            return
        if self.headers and self._is_too_large():
            self.reject("headers", TOO_LARGE)
            return
        self.due = NEVER
        super().on_message_complete()

    def _is_too_large(self) -> bool:
        size = sum(len(name) + len(value) for name, value in self.headers)
        return size > self._limits.max_header_bytes

    def wait(self) -> tuple[int, float]:
        """Return what the server waits for, and the deadline."""
        if self.cycle and not self.cycle.response_complete:
            return (BODY, self.due) if self.cycle.more_body else NO_WAIT
        if self.due < NEVER:
            return HEADERS, self.due
        return IDLE, self.timeout_keep_alive_task.when() if self.timeout_keep_alive_task else 0

    def end_wait(self, now: float) -> None:
        """Close the connection, unless it is the service that paused reading."""
        if self.flow.read_paused:
            self.due = now + self._limits.body_s
        elif self.transport.is_closing():
            self.transport.abort()
        else:
            self.reject("headers" if self.wait()[0] == HEADERS else "slow_body")

    def reject(self, reason: str, response: bytes = b"") -> None:
        """Close the connection, with a response if none has begun.

        If a request is still being served, its response is sent before the connection closes.
        """
        cycle = self.cycle
        if cycle and not (cycle.response_complete or cycle.more_body):
            cycle.keep_alive, self.due = False, NEVER
            self.flow.pause_reading()
        elif not self.transport.is_closing():
            self._limits.on_reject(reason)
            is_responding = cycle and cycle.response_started and not cycle.response_complete
            if not (self.pipeline or is_responding):
                self.transport.write(response)
            self.transport.close()
