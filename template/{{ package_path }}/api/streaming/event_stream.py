"""Streamed responses, as server-sent events."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, ClassVar

from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from pydantic_core import to_json
from starlette.types import Message, Receive, Scope, Send

from ...core.errors import ServiceError
from ..dependencies import RequestState
from ..errors import describe
from .schema_inlining import inlined

logger = logging.getLogger(__name__)

UNBUFFERED = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}  # the latter for nginx
BLOCKED_AFTER_S = 0.05


class StreamError(BaseModel):
    """The last event of a stream that failed."""

    error: str


class EventStream(StreamingResponse):
    """Send each value as one event, `data: {…}`, and an error as the last one.

    Generators are closed explicitly, from the outermost: garbage collection would be too late.
    """

    media_type = "text/event-stream"
    last: ClassVar[bytes] = b""
    """End of a stream that did not fail."""

    def __init__(
        self, events: AsyncGenerator[Any], send_timeout_s: float, headers: Mapping[str, str]
    ) -> None:
        self._events = self._encode(events)
        super().__init__(self._events, headers={**UNBUFFERED, **headers})
        self._send_timeout_s = send_timeout_s
        self._slot: Any = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response; release its slot while the client does not read."""
        state: RequestState = scope.get("state", {})
        self._slot = state.get("slot")  # of `hardening`
        task: Any = asyncio.current_task()

        async def end_on_disconnect() -> None:
            await self.listen_for_disconnect(receive)
            task.cancel()

        # Starlette would stream in another task, and cancel again at each `await` of a cleanup.
        watcher = asyncio.create_task(end_on_disconnect())
        try:
            await self.stream_response(send)
        except asyncio.CancelledError:
            if not watcher.done() or task.uncancel():
                raise  # not because of the client
        finally:
            watcher.cancel()

    async def stream_response(self, send: Send) -> None:
        """Send all events, each within the time limit."""
        later = asyncio.get_running_loop().call_later

        async def send_in_time(message: Message) -> None:
            release = later(BLOCKED_AFTER_S, self._slot.release) if self._slot else None
            async with asyncio.timeout(self._send_timeout_s):
                await send(message)
            if release:
                release.cancel()

        async with aclosing(self._events):
            try:
                await super().stream_response(send_in_time)
            except TimeoutError:
                logger.info("Closed a stream: its client stopped reading")

    async def _encode(self, events: AsyncGenerator[Any]) -> AsyncGenerator[bytes]:
        async with aclosing(events):
            try:
                async for event in events:
                    yield b"data: " + to_json(event) + b"\n\n"
                    if self._slot:
                        await self._slot.acquire()  # before the model continues
                if self.last:
                    yield self.last
            except ServiceError as exc:  # too late for another status
                yield b"data: " + to_json(self.failure(exc)) + b"\n\n"

    def failure(self, exc: ServiceError) -> BaseModel:
        """Return the last event of a stream that failed."""
        return StreamError(error=describe(exc).detail)


def event_response(kind: Any) -> dict[int | str, dict[str, Any]]:
    """Return the response of a stream, for OpenAPI: the data of each event is JSON of a type."""
    event = {"anyOf": [inlined(kind, "serialization"), inlined(StreamError)]}
    data = {"type": "string", "contentMediaType": "application/json", "contentSchema": event}
    schema = {"type": "object", "properties": {"data": data}, "required": ["data"]}
    content = {EventStream.media_type: {"schema": schema}}
    return {200: {"description": "Events, as they come", "content": content}}


async def prefetch_first(events: AsyncGenerator[Any]) -> AsyncGenerator[Any]:
    """Wait for the first event, so that its failure can still set the status; return all events."""
    first = await anext(events, None)

    async def all_events() -> AsyncGenerator[Any]:
        async with aclosing(events):
            if first is not None:
                yield first
            async for event in events:
                yield event

    return all_events()
