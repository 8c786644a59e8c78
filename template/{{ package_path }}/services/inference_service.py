"""The inference service: everything between a request and the model, without HTTP."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from ..config.settings import Settings
from ..core.errors import ModelNotReadyError, PredictionError, ServiceError
from ..models.base import Model
from ..models.methods import check_name
from .model_runner import READY, UNAVAILABLE, ModelRunner
from .observer import Observer
from .prediction_cache import MISSING, PredictionCache
from .prediction_log import PredictionLog, ms_since


class InferenceService:
    """Predictions of one model: readiness, cache, check of results, log lines."""

    def __init__(self, model: Model, settings: Settings) -> None:
        self.signature = model.signature()
        self.name = settings.model.name or model.model_name
        self.log = PredictionLog(self.name, show_values=settings.log_inputs)
        self.observer = Observer()  # `metrics` replaces it
        self.set_version(settings.model.version or model.version)
        for text in (self.name, self.version):
            check_name(type(model), text)
        self.card: dict[str, Any] = {}
        """Facts about the model, such as its metrics and license; `artifacts` sets it."""
        self.example = model.example
        self.loaded = False
        self.absence = UNAVAILABLE, ""
        """State in the protocol while it is not ready, and the reason."""
        self.checks: list[Callable[[], bool]] = []
        """Further conditions for the service to be ready, besides a loaded model."""
        self.runner = ModelRunner(model, settings.service)
        self.runner.on_retry = self._retry
        self.later: Callable[..., object] = lambda function, *values: function(*values)
        """Runs work that a response need not wait for; a server may run it after the response."""
        self._cache = PredictionCache.of(model, settings.model)
        self._environment = settings.environment

    def set_version(self, version: str) -> None:
        """Serve under this version; paths and lists have `listed`, from when the app is built."""
        self.version, self.listed, self.log.model = version, version, f"{self.name}@{version}"
        self.observer.on_version(version)

    def pick(self) -> "InferenceService":
        """Return the service that predicts for a request; `versions` chooses one of several."""
        return self

    def each_version(self, apply: Callable[["InferenceService"], object]) -> None:
        """Call a function with this service; with `versions`, with those of all versions, too."""
        apply(self)

    @property
    def versions(self) -> Mapping[str, "InferenceService"]:
        """Services that predict with one version, by version."""
        return {self.listed: self}

    @property
    def ready(self) -> bool:
        """Whether predictions can be served."""
        return self.loaded and all(check() for check in self.checks)

    @property
    def state(self) -> tuple[str, str]:
        """State in the protocol, and the reason if it is not ready."""
        return (READY, "") if self.ready else self.absence

    async def start(self) -> None:
        """Load the model and warm it up, off the event loop."""
        self.log.line(logging.INFO, "Loading model: %s", self.name)
        await self.runner.start()
        self.loaded = True
        self.observer.on_load(self.runner.times)
        fields = {"environment": self._environment, **self.runner.times}
        self.log.line(logging.INFO, "Loaded model: %s", self.name, **fields)

    def stop(self) -> Awaitable[Any] | None:
        """Accept no more predictions, and unload the model; return a coroutine's end."""
        if self.loaded:
            self.loaded, self._cache = False, None
            self.runner.stop()
        return self.runner.unloading

    async def predict(self, input_data: Any) -> Any:
        """Predict for one input of the declared type.

        Raises:
            InvalidInputError: The model rejects the input.
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
        """Log that a prediction begins; return the time. Raise ModelNotReadyError before a load."""
        if not self.loaded:
            raise ModelNotReadyError(f"The model {self.name} is not ready")
        self.log.line(logging.INFO, "Making prediction for input: %s...", input_data)
        return time.perf_counter()

    def done(self, prediction: Any, started: float) -> None:
        """Log and count a prediction."""
        self.later(self.log.result, prediction, ms_since(started))
        self.observer.on_prediction(time.perf_counter() - started)

    def failed(self, exc: Exception, started: float) -> ServiceError:
        """Log and count a failure; return the error to raise, without internals."""
        error = exc if isinstance(exc, ServiceError) else PredictionError("The model failed")
        self.log.failure(exc, ms_since(started))
        self.observer.on_error(type(error).__name__)
        return error

    def _retry(self, exc: Exception, attempt: int) -> None:
        self.log.line(logging.WARNING, f"Retry {attempt} of a prediction, after: %s", exc)
        self.observer.on_retry()

    async def predict_many(self, inputs: Sequence[Any]) -> list[Any | ServiceError]:
        """Predict for several inputs, in order; an error has the position of its input."""

        async def predict_or_error(input_data: Any) -> Any | ServiceError:
            try:
                return await self.predict(input_data)
            except ServiceError as exc:
                return exc

        return await asyncio.gather(*map(predict_or_error, inputs))

    async def _cached(self, input_data: Any) -> Any:
        if not self._cache:
            return self.runner.output.check(await self.runner.predict(input_data))
        key = self._cache.key(input_data)
        prediction = self._cache.get(key)
        self.observer.on_cache("miss" if prediction is MISSING else "hit")
        if prediction is not MISSING:
            return prediction
        return self._cache.put(key, self.runner.output.check(await self.runner.predict(input_data)))
