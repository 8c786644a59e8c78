"""Micro-batching: inputs that arrive while the model is busy are predicted in one call.

Batching is greedy: a single request does not wait, and the busier the model, the larger the batch.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from contextvars import Context
from functools import partial
from inspect import iscoroutinefunction
from typing import Any, NamedTuple

from ..config.settings import Settings
from ..core.errors import ConfigError, ModelNotReadyError, TransientModelError
from ..core.request import time_limit
from ..models.base import Model
from .declared_type import DeclaredType, WrongTypeError
from .inference_service import InferenceService
from .model_calls import is_error
from .model_runner import ModelRunner

LOOP_ITERATIONS = 2  # one reads requests from sockets, one lets them join the queue


def install(service: InferenceService, settings: Settings) -> None:
    """Batch the calls of a model that overrides `predict_batch`.

    Raises:
        ConfigError: A batch may wait as long as a prediction may take.
    """
    runner = service.runner
    if type(runner.model).predict_batch is not Model.predict_batch:
        if settings.batching.max_batch_delay_s >= settings.service.timeout:
            problem = "batching.max_batch_delay_s: must be less than service.timeout"
            raise ConfigError(f"Configuration error:\n  {problem}")
        runner.call = (batcher := Batcher(service, settings)).call
        runner.warm_ups.append(partial(_warm_up, runner, min(2, settings.batching.max_batch_size)))
        runner.capacity = (batcher.parallel + 1) * settings.batching.max_batch_size  # one forms


async def _warm_up(runner: ModelRunner, size: int, example: Any) -> None:
    """Check the results of `predict_batch` against their declared type and number."""
    method = f"{type(runner.model).__qualname__}.predict_batch"
    output = DeclaredType(list[runner.model.signature().output], method)  # type: ignore[misc]
    results = output.check(await _call(runner.call_method, runner.model, [example] * size))
    if len(results) != size:
        raise WrongTypeError(f"{method} returned {len(results)} results for {size} inputs")


async def _call(run: Callable[..., Awaitable[Any]], model: Model, inputs: list[Any]) -> list[Any]:
    """Call `predict_batch`, which may be a coroutine or a generator."""
    if iscoroutinefunction(model.predict_batch):
        return [*await run(model.predict_batch, inputs)]
    results: list[Any] = await run(lambda: [*model.predict_batch(inputs)])
    return results


class _Item(NamedTuple):
    input: Any
    result: asyncio.Future[Any]
    since: float


class Batcher:
    """A queue for a model: one batch runs in each process, and the next one forms meanwhile."""

    def __init__(self, service: InferenceService, settings: Settings) -> None:
        self._service, self._runner = service, service.runner
        self._settings = settings.batching
        self._timeout_s = settings.service.timeout
        self._queue: deque[_Item] = deque()
        self._is_full = asyncio.Event()
        self.parallel = getattr(getattr(settings.model, "processes", None), "count", 0) or 1
        self._workers: set[asyncio.Task[Any] | None] = set()
        self._running = 0

    async def call(self, input_data: Any) -> Any:
        """Predict for one input, in a batch with other waiting inputs.

        Cancelling removes the input from the queue; a running batch continues.
        """
        result = asyncio.get_running_loop().create_future()
        self._queue.append(_Item(input_data, result, time.perf_counter()))
        if len(self._queue) >= self._settings.max_batch_size:
            self._is_full.set()
        if len(self._workers) < self.parallel:
            # In a new context: a batch does not belong to one request.
            self._workers.add(asyncio.create_task(self._work(), context=Context()))
        return await result

    async def _work(self) -> None:
        delay_s, full = self._settings.max_batch_delay_s, self._settings.max_batch_size
        self._is_full.clear()
        try:
            if delay_s and len(self._queue) < full:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._is_full.wait(), delay_s)
            while self._queue:
                for _ in range(LOOP_ITERATIONS):
                    await asyncio.sleep(0)
                if batch := self._take_batch():
                    await self._run(batch)
        finally:
            self._workers.discard(asyncio.current_task())

    def _take_batch(self) -> list[_Item]:
        batch: list[_Item] = []
        share = -(-len(self._queue) // (len(self._workers) - self._running))  # others are free too
        while self._queue and len(batch) < min(share, self._settings.max_batch_size):
            item = self._queue.popleft()
            if not item.result.done():  # else it was cancelled
                batch.append(item)
        return batch

    async def _run(self, batch: Sequence[_Item]) -> None:
        self._service.observer.on_batch(len(batch), time.perf_counter() - batch[0].since)
        self._running += 1
        try:
            with time_limit(self._timeout_s):
                async with asyncio.timeout(self._timeout_s):  # callers have their own limit
                    results = await self._predict(batch)
        except Exception as exc:  # noqa: BLE001  (the service ends, and its threads with it)
            results = [exc] * len(batch)
        self._running -= 1
        for item, result in zip(batch, results, strict=True):
            if item.result.done():
                continue  # cancelled
            if isinstance(result, BaseException):
                text = "" if is_error(result) else f"The model returned {result!r}"
                item.result.set_exception(RuntimeError(text) if text else result)
            else:
                item.result.set_result(result)

    async def _predict(self, batch: Sequence[_Item]) -> list[Any]:
        """Predict for a batch; an error has the position of the input that caused it."""
        inputs = [item.input for item in batch]
        try:
            results = await _call(self._runner.run, self._runner.model, inputs)
            if len(results) == len(inputs):
                return results
            exc: Exception = ValueError(f"{len(results)} results for {len(inputs)} inputs")
        except Exception as caught:  # noqa: BLE001  (a model may raise anything)
            exc = caught
        if len(inputs) == 1 or isinstance(exc, ModelNotReadyError | TransientModelError):
            return [exc] * len(inputs)
        return [exc if item.result.done() else (await self._predict([item]))[0] for item in batch]
