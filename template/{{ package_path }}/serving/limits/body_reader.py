"""Read bodies within a limit for each and a budget for all of them."""

import asyncio

from fastapi import HTTPException
from starlette.types import Scope

from ...api.content_encoding import EncodingError, check_encoding, inflate
from ...api.dependencies import RequestState
from ...api.request_cost import check_cost, too_large
from ...config.hardening import HardeningSettings
from ...core.errors import OverloadedError
from ...utils.json_cost import SMALL, max_units
from .request_watch import RequestWatch

SMALL_BODY = 16_000  # bytes; a part of the budget is reserved for bodies up to this size
RESERVE = 16  # the reserve is the budget divided by this
MAX_RATIO = 200  # of inflated to sent bytes, beyond half of the largest body
OVERHEAD = 10_000  # bytes that compression may add


class RejectedError(Exception):
    """A request is rejected.

    Args:
        error: The error to send to the client.
        reason: Label of the metric.
    """

    def __init__(self, error: Exception, reason: str) -> None:
        super().__init__(reason)
        self.error = error
        self.reason = reason


class BodyReader:
    """Read bodies, and count the bytes of all bodies in memory."""

    def __init__(self, limits: HardeningSettings) -> None:
        self.max_bytes = limits.max_body_bytes
        self.max_held = limits.max_held_bytes
        self.max_units = max_units(limits.max_body_bytes)
        self.held = 0
        """Bytes of all bodies in memory: as received, then inflated once they are complete."""

    async def read(self, scope: Scope, watch: RequestWatch) -> bytes:
        """Read a body, and inflate it if it is compressed.

        Raises:
            RejectedError: The body is too large, all bodies together are, or its encoding is wrong.
        """
        state: RequestState = scope["state"]
        headers = state["headers"]
        encoding = headers.get(b"content-encoding", b"").lower()
        try:
            is_compressed = bool(encoding) and check_encoding(encoding)
            most = self.max_bytes + (OVERHEAD if is_compressed else 0)
            if int(headers.get(b"content-length", 0)) > most:
                raise self._too_large()
            content = await self._receive(watch, most)
            if is_compressed:
                content = await self._inflate(content, encoding, watch)
            if len(content) > SMALL:
                check_cost(scope, content, self.max_units)
                await asyncio.sleep(0)  # the next step blocks the event loop again
        except EncodingError as exc:
            raise RejectedError(HTTPException(exc.status, str(exc)), "encoding") from exc
        except HTTPException as exc:
            raise RejectedError(exc, "large_body") from exc
        return content

    def release(self, watch: RequestWatch) -> None:
        """Stop counting the bytes of a request."""
        self.held -= watch.held
        watch.held = 0

    async def _receive(self, watch: RequestWatch, most: int) -> bytes:
        chunks: list[bytes] = []
        while not watch.complete:
            message = await watch.receive()
            if message["type"] == "http.disconnect":
                watch.disconnected = True
                raise asyncio.CancelledError
            watch.complete = not message.get("more_body", False)
            chunk = message.get("body", b"")
            if watch.held + len(chunk) > most:
                raise self._too_large()
            self._hold(watch, len(chunk))
            chunks.append(chunk)
        return b"".join(chunks)

    async def _inflate(self, content: bytes, encoding: bytes, watch: RequestWatch) -> bytes:
        sent, slices, size = len(content), [], 0
        most = min(self.max_bytes, self.max_bytes // 2 + MAX_RATIO * sent)
        for chunk in inflate(content, encoding):
            size += len(chunk)
            if size > most:
                raise self._too_large(most)
            self._hold(watch, len(chunk))
            slices.append(chunk)
            await asyncio.sleep(0)
        self._hold(watch, -sent)
        return b"".join(slices)

    def _hold(self, watch: RequestWatch, size: int) -> None:
        room = self.max_held
        if self.held + size > room and watch.held + size <= SMALL_BODY:
            room += room // RESERVE
        if self.held + size > room:
            problem = "Too many bytes of request bodies are in memory"
            raise RejectedError(OverloadedError(problem), "memory")
        self.held += size
        watch.held += size

    def _too_large(self, most: int | None = None) -> RejectedError:
        problem = too_large(most or self.max_bytes)
        if most not in {None, self.max_bytes}:
            problem += " when it is decompressed: its compression ratio is too high"
        return RejectedError(HTTPException(413, problem), "large_body")
