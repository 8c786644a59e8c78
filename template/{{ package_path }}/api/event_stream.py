"""Answers that come in parts, as server-sent events."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from typing import Any

from fastapi.responses import StreamingResponse
from pydantic_core import to_json
from starlette.types import Message, Send

from ..core.errors import ServiceError
from .errors import describe

logger = logging.getLogger(__name__)

AS_IT_COMES = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}  # the latter for nginx


class EventStream(StreamingResponse):
    """Sends each value as one event, `data: {…}`; so it does with an error on the way."""

    media_type = "text/event-stream"

    def __init__(
        self, events: AsyncIterator[Any], send_timeout_s: float, headers: Mapping[str, str]
    ) -> None:
        super().__init__(_encode(events), headers={**AS_IT_COMES, **headers})
        self._send_timeout_s = send_timeout_s

    async def stream_response(self, send: Send) -> None:
        """Send all events to a client that takes them: one that does not would hold its place."""

        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(self._send_timeout_s):
                await send(message)

        try:
            await super().stream_response(send_in_time)
        except TimeoutError:
            logger.info("Ended a stream that nobody reads")


async def begun(events: AsyncIterator[Any]) -> AsyncIterator[Any]:
    """Wait for the first event, whose failure is still an answer of its own; then give them all."""
    first = await anext(events, None)

    async def all_events() -> AsyncIterator[Any]:
        if first is not None:
            yield first
        async for event in events:
            yield event

    return all_events()


async def _encode(events: AsyncIterator[Any]) -> AsyncIterator[bytes]:
    try:
        async for event in events:
            yield b"data: " + to_json(event) + b"\n\n"
    except ServiceError as exc:  # too late for another status
        yield b"data: " + to_json({"error": describe(exc).detail}) + b"\n\n"
