"""The service's end of the socket to a process of the model."""

import asyncio
from typing import Any

from .messages import HEADER, Messages


class Wire(asyncio.Protocol):
    """One request after the other, each with one response."""

    def __init__(self, messages: Messages) -> None:
        self._messages = messages
        self._buffer = bytearray()
        self._response: asyncio.Future[Any] | None = None
        self._transport: Any = None
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done once the process has closed its end, such as by its own end."""

    async def exchange(self, message: Any) -> Any:
        """Send a message, and return the response.

        Raises:
            ConnectionError: The process ended.
        """
        data = self._messages.pack(message)
        if self.closed.done():
            raise ConnectionResetError
        self._response = asyncio.get_running_loop().create_future()
        self._transport.write(data)
        size, received = await self._response
        return self._messages.unpack(size, received)

    def close(self) -> None:
        """Close this end: the process ends."""
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Add to the response, which may come in pieces."""
        self._buffer += data
        if len(self._buffer) < HEADER.size:
            return
        size, is_shared = HEADER.unpack_from(self._buffer)
        if is_shared:
            self._respond(size, None)
        elif len(self._buffer) == HEADER.size + size:
            self._respond(size, bytes(memoryview(self._buffer)[HEADER.size :]))

    def _respond(self, size: int, data: bytes | None) -> None:
        self._buffer = bytearray()
        if self._response and not self._response.done():
            self._response.set_result((size, data))

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the call that runs."""
        self.closed.set_result(None)
        if self._response and not self._response.done():
            self._response.set_exception(exc or ConnectionResetError())
