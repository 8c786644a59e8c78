"""Micro-batching: inputs that come while the model is busy are predicted in one call.

Greedy: a lone request waits for nothing, and the busier the model, the larger the batches.
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from contextvars import Context
from typing import Any, NamedTuple, cast

from ..config.settings import Settings
from ..core.errors import TransientModelError
from ..models.base import Model
from .inference_service import InferenceService
from .model_runner import contained, is_error

TURNS = 2  # of the event loop: one reads what has arrived, one lets it join the queue


def install(service: InferenceService, settings: Settings) -> None:
    """Batch the calls of a model that has a `predict_batch` of its own."""
    runner = service.runner
    if type(runner.model).predict_batch is not Model.predict_batch:
        runner.call = Batcher(service, settings).call
        runner.capacity = 2 * settings.batching.max_batch_size  # one runs, the next one forms


class _Item(NamedTuple):
    input: Any
    result: asyncio.Future[Any]
    since: float


class Batcher:
    """A queue before a model: one batch runs at a time, and the next one forms meanwhile."""

    def __init__(self, service: InferenceService, settings: Settings) -> None:
        self._runner = service.runner
        self._observe = service.observe
        self._settings = settings.batching
        self._timeout_s = settings.service.timeout
        self._queue: deque[_Item] = deque()
        self._is_full = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None

    async def call(self, input_data: Any) -> Any:
        """Predict for one input, in a batch with those that wait already.

        Cancelling takes the input out of the queue; a batch that runs is not disturbed.
        """
        result = asyncio.get_running_loop().create_future()
        self._queue.append(_Item(input_data, result, time.perf_counter()))
        if len(self._queue) >= self._settings.max_batch_size:
            self._is_full.set()
        if self._worker is None:  # in a context of its own: a batch is not of one request
            self._worker = asyncio.create_task(self._work(), context=Context())
        return await result

    async def _work(self) -> None:
        delay_s, full = self._settings.max_batch_delay_s, self._settings.max_batch_size
        self._is_full.clear()
        try:
            if delay_s and len(self._queue) < full:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._is_full.wait(), delay_s)
            while self._queue:
                for _ in range(TURNS):
                    await asyncio.sleep(0)
                if batch := self._take_batch():
                    await self._run(batch)
        finally:
            self._worker = None

    def _take_batch(self) -> list[_Item]:
        batch: list[_Item] = []
        while self._queue and len(batch) < self._settings.max_batch_size:
            item = self._queue.popleft()
            if not item.result.done():  # else its caller has left
                batch.append(item)
        return batch

    async def _run(self, batch: Sequence[_Item]) -> None:
        self._observe("batch_size", len(batch))
        self._observe("batch_wait", time.perf_counter() - batch[0].since)
        try:
            async with asyncio.timeout(self._timeout_s):  # its callers have left, its thread not
                results = await self._runner.run(self._predict, batch)
        except Exception as exc:  # noqa: BLE001  (the service ends, and its threads with it)
            results = [exc] * len(batch)
        for item, result in zip(batch, results, strict=True):
            if item.result.done():
                continue  # its caller has left
            if isinstance(result, BaseException):
                error = result if is_error(result) else RuntimeError(f"The model gave {result!r}")
                item.result.set_exception(error)
            else:
                item.result.set_result(result)

    def _predict(self, batch: Sequence[_Item]) -> list[Any]:
        """Predict for a batch; an error stands in the place of the input that caused it."""
        inputs = [item.input for item in batch]
        try:
            results = contained(lambda: list(self._runner.model.predict_batch(inputs)))
            if len(results) == len(inputs):
                return cast("list[Any]", results)
            exc: Exception = ValueError(f"{len(results)} results for {len(inputs)} inputs")
        except Exception as caught:  # noqa: BLE001  (whatever a model may raise)
            exc = caught
        if len(inputs) == 1 or isinstance(exc, TransientModelError):
            return [exc] * len(inputs)
        return [exc if item.result.done() else self._predict([item])[0] for item in batch]
