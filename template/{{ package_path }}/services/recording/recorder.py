"""Record a share of the predictions of a service: those for requests, not those of shadows."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from random import random
from typing import Any

from ...config.settings import Settings
from ...core.errors import ServiceError
from ..inference_service import InferenceService
from .record import Begun, Chunks, ValueWriter, Written, begin, line_of
from .source import Source
from .writer import Entry, writer_of

DISCONNECTED = "Disconnected"  # error of a stream that its client has ended
NO_OUTPUT = b"null"


def install(service: InferenceService, settings: Settings) -> None:
    """Record predictions and streams, unless `recording.sample` is 0.

    Raises:
        ConfigError: No files can be written in the folder, or there is no function to redact.
    """
    if settings.recording.sample:
        recorder = Recorder(service, settings)
        vars(service)["predict"] = recorder.predict
        if recorder.streamer:
            vars(recorder.streamer)["stream"] = recorder.stream


class Recorder:
    """Predict and stream as a service does, and record some of it by chance."""

    def __init__(self, service: InferenceService, settings: Settings) -> None:
        options, streamer = settings.recording, service.runner.streamer
        self.streamer = streamer if streamer and streamer.model else None
        self._service, self._predict, self._sample = service, service.predict, options.sample
        self._source = Source(service, options.redact)
        self._input = ValueWriter(service.signature.input, options.max_value_bytes)
        self._output = ValueWriter(service.signature.output, options.max_value_bytes)
        if self.streamer:
            self._stream = streamer.stream
            self._chunk = ValueWriter(streamer.chunk_type, options.max_value_bytes)
        self._writer = writer_of(options)

    def predict(self, input_data: Any) -> Awaitable[Any]:
        """Predict for one input."""
        if random() >= self._sample:  # noqa: S311  (not a secret)
            return self._predict(input_data)
        return self._predict_and_record(input_data)

    async def _predict_and_record(self, input_data: Any) -> Any:
        begun = self._begin(input_data)
        try:
            prediction = await self._predict(input_data)
        except ServiceError as exc:
            self._end(begun, lambda: NO_OUTPUT, type(exc).__name__)
            raise
        self._end(begun, lambda: self._output.write(prediction))
        return prediction

    def stream(self, input_data: Any) -> AsyncGenerator[Any]:
        """Yield the chunks of a prediction for one input."""
        if random() >= self._sample:  # noqa: S311  (not a secret)
            stream: AsyncGenerator[Any] = self._stream(input_data)
            return stream
        return self._stream_and_record(input_data)

    async def _stream_and_record(self, input_data: Any) -> AsyncGenerator[Any]:
        begun, written, error = self._begin(input_data), Chunks(self._chunk), DISCONNECTED
        try:
            async with aclosing(self._stream(input_data)) as chunks:
                async for chunk in chunks:
                    written.add(chunk)
                    yield chunk
            error = ""
        except ServiceError as exc:
            error = type(exc).__name__
            raise
        finally:
            self._end(begun, written.end, error)

    def _begin(self, input_data: Any) -> Begun | None:
        """Write the input before the model can change it; return None if it is not JSON."""
        try:
            return begin(self._input.write(input_data))
        except Exception as exc:  # noqa: BLE001  (of a custom type)
            self._source.fail("An input that is not JSON is not recorded", exc)
            return None

    def _end(self, begun: Begun | None, output: Callable[[], Written], error: str = "") -> None:
        if begun is None:
            return
        try:
            line = line_of(begun, output(), self._service.name, self._service.version, error)
        except Exception as exc:  # noqa: BLE001  (of a custom type)
            self._source.fail("An output that is not JSON is not recorded", exc)
        else:
            self._writer.put(Entry(self._source, line))
