"""Calling a model: on the event loop or in a thread, with a time limit and retries."""

import asyncio
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
        self._model = model
        self._limits = limits

    async def start(self) -> None:
        """Load the model and warm it up, off the event loop."""
        self._threads = ThreadPoolExecutor(thread_name_prefix="predict")
        await self._in_thread(self._model.load)
        if self._model.example is not None:
            await self._in_thread(self._model.predict, self._model.example)

    def stop(self) -> None:
        """Unload the model."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._model.unload()

    async def predict(self, input_data: Any) -> Any:
        """Call the model.

        Raises:
            PredictionTimeoutError: No answer within `service.timeout`. The thread keeps its place
                in the pool until it really ends.
        """
        if self._model.inline:
            return await self._with_retries(input_data)
        deadline = asyncio.timeout(self._limits.timeout)
        try:
            async with deadline:
                return await self._with_retries(input_data)
        except TimeoutError as exc:
            if not deadline.expired():
                raise  # the model's own, of a connection perhaps
            raise PredictionTimeoutError(f"No answer in {self._limits.timeout:g} s") from exc

    async def _with_retries(self, input_data: Any) -> Any:
        retries = self._limits.max_retries
        for attempt in range(retries + 1):
            try:
                return await self._call(input_data)
            except TransientModelError as exc:
                cause = exc
            if attempt < retries:
                await asyncio.sleep(FIRST_BACKOFF * 2**attempt)
        raise TransientModelError("The model cannot answer at the moment") from cause

    async def _call(self, input_data: Any) -> Any:
        if self._model.inline:
            return self._model.predict(input_data)
        return await self._in_thread(self._model.predict, input_data)

    async def _in_thread(self, function: Any, *arguments: Any) -> Any:
        run = copy_context().run  # so that log lines of the model carry the request id
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, run, function, *arguments)
