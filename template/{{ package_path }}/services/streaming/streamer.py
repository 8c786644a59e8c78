"""Streamed predictions, from models with a `predict_stream`."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing
from functools import partial
from inspect import isasyncgenfunction
from typing import Any

from ...config.settings import Settings
from ...core.errors import PredictionTimeoutError
from ...core.request import time_limit
from ...models.json_types import json_dump
from ..declared_type import DeclaredType
from ..inference_service import InferenceService
from ..model_calls import await_model
from .streaming_model import Streaming, chunk_type
from .threaded_generator import END, ThreadedGenerator

SHOWN = 10  # chunks in a log line
CLOSE_S = 5  # for an asynchronous generator to release what it holds

logger = logging.getLogger(__name__)

Chunks = ThreadedGenerator | AsyncGenerator[Any]


def install(service: InferenceService, settings: Settings) -> None:
    """Create the streamer of a service, and warm up the stream of a model that streams."""
    service.runner.streamer = streamer = Streamer(service, settings)
    if streamer.model:
        service.runner.warm_ups.append(streamer.warm_up)


def streamer_of(service: InferenceService) -> "Streamer":
    """Return the streamer of a service."""
    streamer: Streamer = service.runner.streamer
    return streamer


class Streamer:
    """Stream predictions of one model: in chunks, or in one piece if it cannot stream."""

    def __init__(self, service: InferenceService, settings: Settings) -> None:
        self.service, model = service, service.runner.model
        self.model = model if isinstance(model, Streaming) else None
        self.chunk_type = chunk_type(model)
        """Declared type of a chunk."""
        self._timeout_s = settings.service.timeout
        method = f"{type(model).__qualname__}.predict_stream"
        self._chunk = DeclaredType(self.chunk_type, method)
        self.dump = json_dump(self.chunk_type)

    async def stream(self, input_data: Any) -> AsyncGenerator[Any]:
        """Yield the chunks of a prediction for one input of the declared type.

        Raises:
            InvalidInputError: The model rejects the input.
            ModelNotReadyError: The model is not loaded.
            PredictionError: The model failed, or a chunk took too long.
        """
        if self.model is None:
            yield await self.service.predict(input_data)
            return
        started = self.service.begin(input_data)
        shown: list[Any] = []
        try:
            async with aclosing(self._chunks(self.model, input_data)) as chunks:
                async for chunk in chunks:
                    if len(shown) < SHOWN:
                        shown.append(chunk)
                    yield chunk
        except Exception as exc:
            if (error := self.service.failed(exc, started)) is exc:
                raise
            raise error from exc
        except BaseException:
            logger.info("Ended a stream: its client disconnected")
            raise
        self.service.done(shown, started)

    async def warm_up(self, example: Any) -> None:
        """Check the first chunk for an example against the declared type."""
        if self.model:
            chunks = _open(self.model, example)
            if (chunk := await self._next(chunks)) is not END:
                self._chunk.check(chunk, as_response=True)
            await self._close(chunks)

    async def _chunks(self, model: Streaming, input_data: Any) -> AsyncGenerator[Any]:
        runner = self.service.runner
        attempts: list[Chunks] = []

        async def begin() -> Any:
            attempts.append(_open(model, input_data))
            return await self._next(attempts[-1])

        try:
            chunk = await self._in_time(runner.with_retries(begin))  # nothing was sent so far
            further = partial(self._next, attempts[-1])
            while chunk is not END:
                yield self._chunk.check(chunk)
                chunk = await self._in_time(runner.with_retries(further, retries=0))
        finally:
            for attempt in attempts:
                await self._close(attempt)

    async def _next(self, chunks: Chunks) -> Any:
        """Return the next chunk, or `END`."""
        if isinstance(chunks, ThreadedGenerator):
            return await self.service.runner.in_thread(chunks.next)
        return await await_model(anext(chunks, END))

    async def _close(self, chunks: Chunks) -> None:
        if isinstance(chunks, ThreadedGenerator):
            chunks.abandon(self.service.runner.threads)
            return
        try:
            async with asyncio.timeout(CLOSE_S):
                await await_model(chunks.aclose())
        except Exception:
            logger.exception("Error while closing a stream")

    async def _in_time(self, chunk: Awaitable[Any]) -> Any:
        """Wait for a chunk within the time limit."""
        deadline = asyncio.timeout(self._timeout_s)
        try:
            with time_limit(self._timeout_s):
                async with deadline:
                    return await chunk
        except TimeoutError as exc:
            if not deadline.expired():
                raise  # of the model itself
            raise PredictionTimeoutError(f"No chunk within {self._timeout_s:g} s") from exc


def _open(model: Streaming, input_data: Any) -> Chunks:
    stream: Any = model.predict_stream
    if isasyncgenfunction(stream):
        chunks: AsyncGenerator[Any] = stream(input_data)
        return chunks
    return ThreadedGenerator(stream, input_data)
