"""The inference service: everything between a request and the model, without HTTP."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from pydantic import ConfigDict, create_model

from ..config.settings import Settings
from ..core.errors import InvalidInputError, ModelNotReadyError, PredictionError, ServiceError
from ..models.base import Model
from ..utils.helpers import check_json, fingerprint
from .model_runner import ModelRunner
from .prediction_log import PredictionLog

Observer = Callable[[str, float, str], object]


class InferenceService:
    """Predictions of one model: readiness, cache, the check of what comes out, the log lines."""

    def __init__(self, model: Model, settings: Settings) -> None:
        self.signature = model.signature()
        self.name = settings.model.name or model.model_name
        self.version = settings.model.version or model.version
        self.example = model.example
        self.loaded = False
        self.checks: list[Callable[[], bool]] = []
        """What must hold, besides that the model is loaded, for the service to be ready."""
        self.runner = ModelRunner(model, settings.service)
        self.later: Callable[..., object] = lambda function, *values: function(*values)
        """Does what an answer need not wait for; a server may do it once the answer is sent."""
        self.observers: list[Observer] = []
        """Told of what happens, as in `observer("cache", 1, "hit")`; metrics are made of it."""
        self._cache: OrderedDict[bytes, Any] = OrderedDict()
        self._cache_size = settings.model.cache_size
        self._environment = settings.environment
        self._log = PredictionLog(f"{self.name}@{self.version}", show_values=settings.log_inputs)
        self._answer: Any = create_model(
            "Answer",
            __config__=ConfigDict(allow_inf_nan=False),
            prediction=(self.signature.output, ...),
        )

    @property
    def ready(self) -> bool:
        """Whether predictions can be served."""
        return self.loaded and all(check() for check in self.checks)

    async def start(self) -> None:
        """Load the model and warm it up, off the event loop."""
        await self.runner.start()
        self.loaded = True
        self._log.line(logging.INFO, "Loaded model: %s", self.name, environment=self._environment)

    def stop(self) -> None:
        """Take no more predictions, and unload the model."""
        if self.loaded:
            self.loaded = False
            self.runner.stop()

    def observe(self, event: str, value: float = 1, label: str = "") -> None:
        """Tell all observers of an event."""
        for observer in self.observers:
            observer(event, value, label)

    async def predict(self, input_data: Any) -> Any:
        """Predict for one input of the declared type.

        Raises:
            InvalidInputError: The model refuses the input.
            ModelNotReadyError: The model is not loaded.
            PredictionError: The model failed, in every attempt, or ran out of time.
        """
        started = self.begin(input_data)
        try:
            prediction = await self._cached(input_data)
        except Exception as exc:
            if (error := self.failed(exc, started)) is exc:
                raise
            raise error from exc
        self.done(prediction, started)
        return prediction

    def begin(self, input_data: Any) -> float:
        """Log that a prediction begins, and give the time.

        Raises:
            ModelNotReadyError: The model is not loaded.
        """
        if not self.loaded:
            raise ModelNotReadyError(f"The model {self.name} is not ready")
        self._log.line(logging.INFO, "Making prediction for input: %s...", input_data)
        return time.perf_counter()

    def done(self, prediction: Any, started: float) -> None:
        """Log and count a prediction."""
        self.later(self._log.result, prediction, _ms(started))
        self.observe("inference", time.perf_counter() - started)

    def failed(self, exc: Exception, started: float) -> ServiceError:
        """Log and count a failure; give what its caller may know of it."""
        error = exc if isinstance(exc, ServiceError) else PredictionError("The model failed")
        level = logging.WARNING if error is exc else logging.ERROR
        if isinstance(exc, InvalidInputError):
            level = logging.INFO
        self._log.line(level, "Error during prediction: %s", exc, ms=_ms(started))
        self.observe("error", label=type(error).__name__)
        return error

    async def predict_many(self, inputs: Sequence[Any]) -> list[Any | ServiceError]:
        """Predict for several inputs, in order; an error stands in the place of its input."""

        async def predict_or_error(input_data: Any) -> Any | ServiceError:
            try:
                return await self.predict(input_data)
            except ServiceError as exc:
                return exc

        return await asyncio.gather(*map(predict_or_error, inputs))

    async def _cached(self, input_data: Any) -> Any:
        if not self._cache_size:
            return self._checked(await self.runner.predict(input_data))
        key = fingerprint(input_data)
        cached = key in self._cache
        self.observe("cache", label="hit" if cached else "miss")
        if not cached:
            self._cache[key] = self._checked(await self.runner.predict(input_data))
        prediction = self._cache[key]
        self._cache.move_to_end(key)
        if len(self._cache) > self._cache_size:
            self._cache.popitem(last=False)
        return prediction

    def _checked(self, result: Any) -> Any:
        """Hold a result to its declared type, and to what JSON can tell."""
        prediction = self._answer(prediction=result).prediction
        check_json(prediction)
        return prediction


def _ms(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 3)
