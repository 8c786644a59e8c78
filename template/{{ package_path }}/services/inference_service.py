"""The inference service: everything between a request and the model, without HTTP."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from pydantic import ConfigDict, create_model
from pydantic_core import PydanticSerializationError, to_json

from ..config.settings import Settings
from ..core.errors import InvalidInputError, ModelNotReadyError, PredictionError, ServiceError
from ..models.base import Model
from .model_runner import ModelRunner

logger = logging.getLogger(__name__)

SHOWN = 50  # characters of an input or result in the log


class InferenceService:
    """Predictions of one model: readiness, cache, the check of what comes out, the log lines."""

    def __init__(self, model: Model, settings: Settings) -> None:
        self.signature = model.signature()
        self.name = settings.model.name or model.model_name
        self.version = settings.model.version or model.version
        self.example = model.example
        self.ready = False
        self._runner = ModelRunner(model, settings.service)
        self._cache: OrderedDict[bytes, Any] = OrderedDict()
        self._cache_size = settings.model.cache_size
        self._log_inputs = settings.log_inputs
        self._environment = settings.environment
        self._answer: Any = create_model(
            "Answer",
            __config__=ConfigDict(allow_inf_nan=False),
            prediction=(self.signature.output, ...),
        )

    async def start(self) -> None:
        """Load the model and warm it up, off the event loop."""
        await self._runner.start()
        self.ready = True
        self._log(logging.INFO, "Loaded model: %s", self.name, environment=self._environment)

    def stop(self) -> None:
        """Take no more predictions, and unload the model."""
        if self.ready:
            self.ready = False
            self._runner.stop()

    async def predict(self, input_data: Any) -> Any:
        """Predict for one input of the declared type.

        Raises:
            InvalidInputError: The model refuses the input.
            ModelNotReadyError: The model is not loaded.
            PredictionError: The model failed, in every attempt, or ran out of time.
        """
        if not self.ready:
            raise ModelNotReadyError(f"The model {self.name} is not ready")
        started = time.perf_counter()
        self._log(logging.INFO, "Making prediction for input: %s...", self._shown(input_data))
        try:
            prediction = await self._cached(input_data)
        except ServiceError as exc:
            level = logging.INFO if isinstance(exc, InvalidInputError) else logging.WARNING
            self._log(level, "Error during prediction: %s", self._shown(exc), ms=_ms(started))
            raise
        except Exception as exc:
            # A traceback ends with the message, which may quote the input.
            trace, shown = exc if self._log_inputs else None, self._shown(exc)
            self._log(
                logging.ERROR, "Error during prediction: %s", shown, exc=trace, ms=_ms(started)
            )
            raise PredictionError("The model failed") from exc
        shown = self._shown(prediction)
        self._log(logging.INFO, "Prediction result: %s", shown, ms=_ms(started))
        return prediction

    async def predict_many(self, inputs: Sequence[Any]) -> list[Any | ServiceError]:
        """Predict for several inputs, in order; an error stands in the place of its input."""

        async def predict_or_error(input_data: Any) -> Any | ServiceError:
            try:
                return await self.predict(input_data)
            except ServiceError as exc:
                return exc

        return await asyncio.gather(*map(predict_or_error, inputs))

    async def _cached(self, input_data: Any) -> Any:
        try:
            key = to_json(input_data)  # tells apart what Python takes for equal: 1, 1.0 and true
        except PydanticSerializationError as exc:
            raise InvalidInputError("The input is not valid Unicode") from exc
        if key not in self._cache:
            result = await self._runner.predict(input_data)
            self._cache[key] = self._answer(prediction=result).prediction
        prediction = self._cache[key]
        self._cache.move_to_end(key)
        if len(self._cache) > self._cache_size:
            self._cache.popitem(last=False)
        return prediction

    def _shown(self, value: object) -> str:
        text = repr(value) if isinstance(value, Exception) else str(value)
        return text[:SHOWN] if self._log_inputs else f"({type(value).__name__}, not shown)"

    def _log(
        self,
        level: int,
        message: str,
        value: str,
        *,
        exc: Exception | None = None,
        **fields: object,
    ) -> None:
        """Log a line that tells the model and its version."""
        named = {"model": f"{self.name}@{self.version}", **fields}
        logger.log(level, message, value, exc_info=exc, extra=named)


def _ms(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 3)
