"""Call a model on the event loop or in a thread, with a time limit and retries."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from inspect import isawaitable, iscoroutinefunction
from random import uniform
from typing import Any

from ..config.settings import ServiceSettings
from ..core.errors import ConfigError, PredictionTimeoutError, TransientModelError
from ..core.request import time_limit
from ..models.base import Model
from .declared_type import DeclaredType, WrongTypeError, valid_example
from .model_calls import await_model, call_model

logger = logging.getLogger(__name__)

READY, UNAVAILABLE, UNLOADED = "READY", "UNAVAILABLE", "unloaded"  # states; a reason
FIRST_BACKOFF = 0.1  # seconds, about; doubled at every further attempt


class ModelRunner:
    """Run one model as it declares: inline, in a bounded pool of threads, or as coroutines."""

    def __init__(self, model: Model, limits: ServiceSettings) -> None:
        self.model = model
        self.load: Callable[[], Awaitable[Any]] = self._load
        """Loads the model; `artifacts` replaces it."""
        self.source_tag: Callable[[], str] = str
        """Returns a text that changes when another load may give another model."""
        self.waits_for_source = True
        """Whether `load` tries again while the source of an artifact is down."""
        self.call: Callable[[Any], Awaitable[Any]] = self._call
        """Predicts for one input; `batching` replaces it."""
        self.output = DeclaredType(model.signature().output, f"{type(model).__qualname__}.predict")
        self.warm_ups: list[Callable[[Any], Awaitable[object]]] = [self._warm_up]
        """Called with the example once the model is loaded; an exception ends the start."""
        self.on_retry: Callable[[Exception, int], object] = lambda *_: None
        """Called before each retry, with the error and the number of the attempt."""
        self.streamer: Any = None
        """Predicts in chunks; `streaming` sets it."""
        self.threads = ThreadPoolExecutor(limits.threads, "predict")
        self.capacity = limits.concurrency if iscoroutinefunction(model.predict) else limits.threads
        """Number of requests to run at a time."""
        self.times: dict[str, float] = {}
        """Seconds of the start: `load_s` and, if the model has an example, `warm_up_s`."""
        self.unloading: asyncio.Future[Any] | None = None
        self.coroutines = asyncio.Semaphore(limits.concurrency)
        self._limits = limits

    async def start(self) -> None:
        """Load the model and warm it up, off the event loop.

        Raises:
            ConfigError: The example or a result is not of the declared type.
        """
        started = time.perf_counter()
        await self.load()
        self.times["load_s"] = round((loaded := time.perf_counter()) - started, 6)
        example = valid_example(self.model)
        if example is None:
            logger.warning("Not warmed up: %s has no example", type(self.model).__qualname__)
            return
        try:
            for warm_up in self.warm_ups:
                await warm_up(example)
        except WrongTypeError as exc:
            raise ConfigError(f"{exc}") from exc
        self.times["warm_up_s"] = round(time.perf_counter() - loaded, 6)

    async def _load(self) -> None:
        await self.call_method(self.model.load)

    async def _warm_up(self, example: Any) -> None:
        prediction = await self.call_method(self.model.predict, example)
        self.output.check(prediction, as_response=True)

    def stop(self) -> None:
        """Unload the model; if that is a coroutine, `unloading` is its task."""
        self.threads.shutdown(wait=False, cancel_futures=True)
        unloading = self.model.unload()
        if isawaitable(unloading):
            self.unloading = asyncio.ensure_future(await_model(unloading))

    async def predict(self, input_data: Any) -> Any:
        """Call the model.

        Raises:
            PredictionTimeoutError: No result within `service.timeout`. A thread stays busy until
                the call returns; a coroutine is cancelled.
        """
        if self.model.inline:
            return await self.with_retries(partial(self.call, input_data))
        deadline = asyncio.timeout(self._limits.timeout)
        try:
            with time_limit(self._limits.timeout):
                async with deadline:
                    return await self.with_retries(partial(self.call, input_data))
        except TimeoutError as exc:
            if not deadline.expired():
                raise  # of the model itself, such as a connection timeout
            raise PredictionTimeoutError(f"No result within {self._limits.timeout:g} s") from exc

    async def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run a function of the model on the event loop or in a thread, as the model declares."""
        if self.model.inline:
            return call_model(function, *arguments)
        if not iscoroutinefunction(function):
            return await self.in_thread(function, *arguments)
        async with self.coroutines:
            return await await_model(function(*arguments))

    async def call_method(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Await a coroutine function; run any other in a thread, whatever the model declares."""
        if iscoroutinefunction(function):
            return await await_model(function(*arguments))
        return await self.in_thread(function, *arguments)

    async def with_retries(
        self, call: Callable[[], Awaitable[Any]], retries: int | None = None
    ) -> Any:
        """Call, and retry with back-off after a `TransientModelError`.

        Raises:
            TransientModelError: All attempts failed; the cause is the model's own error.
        """
        retries = self._limits.max_retries if retries is None else retries
        for attempt in range(retries + 1):
            try:
                return await call()
            except TransientModelError as exc:
                cause = exc
            if attempt < retries:
                self.on_retry(cause, attempt + 1)
                await asyncio.sleep(FIRST_BACKOFF * 2**attempt * uniform(0.5, 1.5))  # noqa: S311
        raise TransientModelError("The model is temporarily unavailable") from cause

    async def _call(self, input_data: Any) -> Any:
        return await self.run(self.model.predict, input_data)

    async def in_thread(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run a function in a thread, whatever the model declares."""
        loop, run = asyncio.get_running_loop(), copy_context().run  # log lines have the request id
        return await loop.run_in_executor(self.threads, run, call_model, function, *arguments)
