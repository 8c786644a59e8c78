"""Calling a model: on the event loop or in a thread, with a time limit and retries."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

from ..config.settings import ServiceSettings
from ..core.errors import PredictionTimeoutError, TransientModelError
from ..models.base import Model

FIRST_BACKOFF = 0.1  # seconds; doubled at every further attempt


class ModelRunner:
    """Runs one model by what it declares: inline, or in a bounded pool of threads."""

    def __init__(self, model: Model, limits: ServiceSettings) -> None:
        self.model = model
        self.call: Callable[[Any], Awaitable[Any]] = self._call
        """Predicts for one input; a part of the service may put itself in its place."""
        self.threads = ThreadPoolExecutor(limits.threads, "predict")
        self.capacity = limits.threads
        """Requests that are worth being worked on at a time."""
        self._limits = limits

    async def start(self) -> None:
        """Load the model and warm it up, off the event loop."""
        await self.in_thread(self.model.load)
        if self.model.example is not None:
            await self.in_thread(self.model.predict, self.model.example)

    def stop(self) -> None:
        """Unload the model."""
        self.threads.shutdown(wait=False, cancel_futures=True)
        self.model.unload()

    async def predict(self, input_data: Any) -> Any:
        """Call the model.

        Raises:
            PredictionTimeoutError: No answer within `service.timeout`. The thread keeps its place
                in the pool until it really ends.
        """
        if self.model.inline:
            return await self._with_retries(input_data)
        deadline = asyncio.timeout(self._limits.timeout)
        try:
            async with deadline:
                return await self._with_retries(input_data)
        except TimeoutError as exc:
            if not deadline.expired():
                raise  # the model's own, of a connection perhaps
            raise PredictionTimeoutError(f"No answer in {self._limits.timeout:g} s") from exc

    async def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run a function of the model where the model declares that it runs."""
        if self.model.inline:
            return contained(function, *arguments)
        return await self.in_thread(function, *arguments)

    async def _with_retries(self, input_data: Any) -> Any:
        retries = self._limits.max_retries
        for attempt in range(retries + 1):
            try:
                return await self.call(input_data)
            except TransientModelError as exc:
                cause = exc
            if attempt < retries:
                await asyncio.sleep(FIRST_BACKOFF * 2**attempt)
        raise TransientModelError("The model cannot answer at the moment") from cause

    async def _call(self, input_data: Any) -> Any:
        return await self.run(self.model.predict, input_data)

    async def in_thread(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run a function in a thread, whatever the model declares."""
        run = copy_context().run  # so that log lines of the model carry the request id
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.threads, run, contained, function, *arguments)


def contained(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function of the model; what would end a task, a loop or the process is an error."""
    try:
        return function(*arguments)
    except BaseException as exc:
        if is_error(exc):
            raise
        raise RuntimeError(f"The model raised {exc!r}") from exc


def is_error(exc: BaseException) -> bool:
    """Tell an error from what would end a task, a loop or the process, and what no future takes."""
    return isinstance(exc, Exception) and not isinstance(exc, StopIteration)
