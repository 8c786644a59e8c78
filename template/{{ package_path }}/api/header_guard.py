"""Connections that send no headers, or no end of them, are closed."""

import asyncio
import logging
from typing import Any

import uvicorn
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ..config.hardening import HardeningSettings
from ..services.inference_service import InferenceService

logger = logging.getLogger(__name__)

PATROL_S = 0.5
NEVER = float("inf")
TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\n\r\n"


class HeaderGuard:
    """Gives a server a protocol that counts, and patrols the connections."""

    def __init__(
        self, server: uvicorn.Server, limits: HardeningSettings, service: InferenceService
    ) -> None:
        self.max_bytes = limits.max_header_bytes
        self.timeout_s = limits.header_timeout_s
        self._server = server
        self._service = service
        # The server asks for the class of the protocol when a connection comes.
        protocol: Any = server.config.http_protocol_class
        if hasattr(protocol, "on_headers_complete"):
            server.config.http_protocol_class = guarded(protocol, self)
        else:
            logger.warning("Headers are not limited: that takes httptools")
        self._task = asyncio.create_task(self._patrol())

    def stop(self) -> None:
        """Patrol no longer."""
        self._task.cancel()

    def close(self, connection: Any, answer: bytes = b"") -> None:
        """Close a connection, and count it; one that does not take its last answer is cut."""
        if connection.transport.is_closing():
            connection.transport.abort()
            return
        self._service.observe("rejected", label="headers")
        connection.transport.write(answer)
        connection.transport.close()

    async def refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request whose headers are too large."""
        self._service.observe("rejected", label="headers")
        answer = Response(status_code=431, headers={"Connection": "close"})
        await answer(scope, receive, send)

    async def _patrol(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(min(PATROL_S, self.timeout_s / 2))
            late = loop.time() - self.timeout_s
            for connection in list(self._server.server_state.connections):
                if getattr(connection, "owes_headers_since", late) < late:
                    self.close(connection)


def _size(headers: list[tuple[bytes, bytes]]) -> int:
    return sum(len(name) + len(value) for name, value in headers)


def guarded(protocol: Any, guard: HeaderGuard) -> Any:
    """Derive a protocol that knows since when headers are awaited, and how many bytes came.

    Whatever is no body counts: also what follows a body, and what comes after an answer.
    """

    class GuardedProtocol(protocol):  # type: ignore[misc]
        app: Any
        owes_headers_since = NEVER
        header_bytes = 0

        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)
            self.owes_headers_since = self.loop.time()

        def data_received(self, data: bytes) -> None:
            if not self.cycle or self.cycle.response_complete:
                self.owes_headers_since = min(self.owes_headers_since, self.loop.time())
            self.header_bytes += len(data)
            super().data_received(data)
            if self.header_bytes > guard.max_bytes:
                guard.close(self, TOO_LARGE)

        def on_message_begin(self) -> None:
            self.owes_headers_since = self.loop.time()
            super().on_message_begin()

        def on_headers_complete(self) -> None:
            app = self.app
            if self.header_bytes > guard.max_bytes and _size(self.headers) > guard.max_bytes:
                self.app = guard.refuse  # they came in one piece, and perhaps a body with them
            self.owes_headers_since, self.header_bytes = NEVER, 0
            super().on_headers_complete()
            self.app = app

        def on_body(self, body: bytes) -> None:
            self.header_bytes = 0
            super().on_body(body)

    return GuardedProtocol
