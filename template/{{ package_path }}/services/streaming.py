"""Predictions that come in parts, from models that have a `predict_stream`."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Any, Protocol, get_args, get_type_hints, runtime_checkable

from pydantic import ConfigDict, create_model

from ..config.settings import Settings
from ..core.errors import ConfigError, PredictionTimeoutError, TransientModelError
from ..models.base import Model
from ..utils.helpers import check_json
from .inference_service import InferenceService
from .parts_of_thread import END, PartsOfThread
from .tensor_spec import TensorSpec, describe_type

SHOWN = 10  # parts in a line of the log, which shows less of them

logger = logging.getLogger(__name__)

TEXT_INPUT, TEXT_OUTPUT = "text_input", "text_output"  # as the protocol calls them


@runtime_checkable
class Streaming(Protocol):
    """A model that can give its prediction in parts: a text as it is generated, say.

    What `predict_stream` returns is annotated, as in `Iterator[str]`, and declares what a part is.
    """

    def predict_stream(self, input_data: Any) -> Iterator[Any]:
        """Give the parts of the prediction for one input, as they come.

        It runs in a thread; a part that does not come within `service.timeout` is an error. When
        nobody listens any more, the generator is closed.
        """


class Streamer:
    """Streams predictions of one model, in parts or, if it has none, in one piece."""

    def __init__(self, service: InferenceService, settings: Settings) -> None:
        self.service = service
        model = service.runner.model
        self.model = model if isinstance(model, Streaming) else None
        self.part = part_type(model)
        """Declared type of a part."""
        self._timeout_s = settings.service.timeout
        self._checked: Any = create_model(
            "Part", __config__=ConfigDict(allow_inf_nan=False), part=(self.part, ...)
        )

    async def stream(self, input_data: Any) -> AsyncGenerator[Any]:
        """Give the parts of a prediction for one input of the declared type.

        Raises:
            InvalidInputError: The model refuses the input.
            ModelNotReadyError: The model is not loaded.
            PredictionError: The model failed, or a part ran out of time.
        """
        if self.model is None:
            yield await self.service.predict(input_data)
            return
        started = self.service.begin(input_data)
        parts: list[Any] = []
        try:
            async with aclosing(self._parts(self.model, input_data)) as given:
                async for part in given:
                    if len(parts) < SHOWN:
                        parts.append(part)
                    yield part
        except Exception as exc:
            if (error := self.service.failed(exc, started)) is exc:
                raise
            raise error from exc
        except BaseException:
            logger.info("A stream was left")
            raise
        self.service.done(parts, started)

    async def _parts(self, model: Streaming, input_data: Any) -> AsyncGenerator[Any]:
        parts = PartsOfThread(model.predict_stream, input_data)
        try:
            while (part := await self._next(parts)) is not END:
                part = self._checked(part=part).part
                check_json(part)
                yield part
        finally:
            parts.leave(self.service.runner.threads)

    async def _next(self, parts: PartsOfThread) -> Any:
        """Give the next part; in a thread, because also a cheap model may have many."""
        deadline = asyncio.timeout(self._timeout_s)
        try:
            async with deadline:
                return await self.service.runner.in_thread(parts.next)
        except TimeoutError as exc:
            if not deadline.expired():
                raise  # the model's own
            raise PredictionTimeoutError(f"No further part in {self._timeout_s:g} s") from exc
        except TransientModelError as exc:
            raise TransientModelError("The model cannot answer at the moment") from exc


def part_type(model: Model) -> Any:
    """Give the declared type of a part: that of the whole, if the model gives no parts.

    Raises:
        ConfigError: The model does not declare it.
    """
    if not isinstance(model, Streaming):
        return model.signature().output
    hints = get_type_hints(type(model).predict_stream, include_extras=True)
    kinds = get_args(hints.get("return"))
    if not kinds:
        name = type(model).__qualname__
        raise ConfigError(f"{name}.predict_stream needs a return type, as in `Iterator[str]`")
    return kinds[0]


def generates_text(model: Model) -> bool:
    """Tell whether text goes in, as the input or its field `text_input`, and text comes out."""
    inputs = describe_type(model.signature().input, TEXT_INPUT)
    outputs = [
        describe_type(kind, TEXT_OUTPUT, mode="serialization")
        for kind in (model.signature().output, part_type(model))
    ]
    whole = [TensorSpec(TEXT_OUTPUT, "BYTES", ())]
    return TensorSpec(TEXT_INPUT, "BYTES", ()) in inputs.specs and all(
        not output.has_fields and [*output.specs] == whole for output in outputs
    )
