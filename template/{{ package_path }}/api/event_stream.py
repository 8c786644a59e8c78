"""Answers that come in parts, as server-sent events."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from fastapi.responses import StreamingResponse
from pydantic_core import to_json
from starlette.types import Message, Send

from ..core.errors import ServiceError
from .errors import describe

logger = logging.getLogger(__name__)

AS_IT_COMES = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}  # the latter for nginx


class EventStream(StreamingResponse):
    """Sends each value as one event, `data: {…}`; so it does with an error on the way.

    Generators are closed one by one, from the outermost: nobody else would do so in time.
    """

    media_type = "text/event-stream"

    def __init__(
        self, events: AsyncGenerator[Any], send_timeout_s: float, headers: Mapping[str, str]
    ) -> None:
        self._events = _encode(events)
        super().__init__(self._events, headers={**AS_IT_COMES, **headers})
        self._send_timeout_s = send_timeout_s

    async def stream_response(self, send: Send) -> None:
        """Send all events to a client that takes them: one that does not would hold its place."""

        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(self._send_timeout_s):
                await send(message)

        async with aclosing(self._events):
            try:
                await super().stream_response(send_in_time)
            except TimeoutError:
                logger.info("Ended a stream that nobody reads")


async def begun(events: AsyncGenerator[Any]) -> AsyncGenerator[Any]:
    """Wait for the first event, whose failure is still an answer of its own; then give them all."""
    first = await anext(events, None)

    async def all_events() -> AsyncGenerator[Any]:
        async with aclosing(events):
            if first is not None:
                yield first
            async for event in events:
                yield event

    return all_events()


async def _encode(events: AsyncGenerator[Any]) -> AsyncGenerator[bytes]:
    async with aclosing(events):
        try:
            async for event in events:
                yield b"data: " + to_json(event) + b"\n\n"
        except ServiceError as exc:  # too late for another status
            yield b"data: " + to_json({"error": describe(exc).detail}) + b"\n\n"
