"""The processes of a model: assign calls to free ones, and replace one that ends."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from typing import Any

from ...core.request import current_request
from .model_process import ModelProcess, ModelProcessError

logger = logging.getLogger(__name__)

LONGEST_PAUSE_S = 60.0


class ProcessPool:
    """A fixed number of processes, with the methods of a model.

    A call takes a process that is free, or waits for one. When the caller is cancelled, the call
    goes on without it. Each raises `ModelProcessError` if the process ends or there is none,
    `PredictionTimeoutError` if it was killed at its limit, and what the model raises.

    Args:
        count: How many.
        timeout_s: Most seconds of a call in its process, which is killed otherwise. Calls without a
            deadline, such as those that warm the model up, have no limit.
        start: Starts a process that has the model loaded.
    """

    def __init__(
        self, count: int, timeout_s: float, start: Callable[[], Awaitable[ModelProcess]]
    ) -> None:
        self._count, self._timeout_s, self._start = count, timeout_s, start
        self._processes: list[ModelProcess] = []
        self._free: asyncio.Queue[ModelProcess] = asyncio.Queue()
        self._starting = asyncio.Lock()  # one at a time, so that peaks of memory do not add up
        self._calls: set[asyncio.Task[Any]] = set()
        self._keepers: list[asyncio.Task[None]] = []
        self._cannot_start = False

    @property
    def is_alive(self) -> bool:
        """Whether there is a process that can be called."""
        return any(process.is_alive for process in self._processes)

    async def load(self) -> None:
        """Start the processes, one after the other."""
        try:
            for _ in range(self._count):
                self._processes.append(await self._start())
        except BaseException:
            await self._for_all(ModelProcess.end)
            raise
        for index in range(self._count):
            self._keepers.append(asyncio.create_task(self._keep(index)))

    async def predict(self, input_data: Any) -> Any:
        """Predict for one input."""
        return await self._call("predict", input_data)

    async def predict_batch(self, inputs: list[Any]) -> list[Any]:
        """Predict for several inputs in one process."""
        results: list[Any] = await self._call("predict_batch", inputs)
        return results

    async def predict_stream(self, input_data: Any) -> AsyncGenerator[Any]:
        """Yield the chunks of a prediction; it has its process to itself until it is closed."""
        process = await self._take()
        try:
            call = process.call("begin_stream", input_data, limit=self._limit)
            while chunk := await asyncio.shield(self._run(call)):
                yield chunk[0]
                call = process.call("next_chunk", limit=self._limit)
        finally:
            self._run(self._free_after(process, process.call("end_stream", limit=self._timeout_s)))

    async def unload(self) -> None:
        """Unload the model, and end the processes."""
        for keeper in self._keepers:
            keeper.cancel()
        await self._for_all(ModelProcess.stop)

    async def _take(self) -> ModelProcess:
        while True:
            if self._cannot_start and not self.is_alive:
                raise ModelProcessError("No process of the model runs")
            process = await self._free.get()
            if process.is_alive:
                return process

    @property
    def _limit(self) -> float | None:
        return None if current_request().deadline is None else self._timeout_s

    async def _call(self, method: str, argument: Any) -> Any:
        process = await self._take()
        call = process.call(method, argument, limit=self._limit)
        # The process has to finish a call, also if its caller is cancelled.
        return await asyncio.shield(self._run(self._free_after(process, call)))

    async def _free_after(self, process: ModelProcess, call: Awaitable[Any]) -> Any:
        try:
            return await call
        finally:
            self._free.put_nowait(process)

    def _run(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(coroutine)
        self._calls.add(task)  # the event loop alone would not keep it
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._calls.discard(task)
        if not task.cancelled():
            task.exception()  # nobody may be left to read it

    async def _keep(self, index: int) -> None:
        """Offer a process, and its replacement when it ends."""
        while True:
            process = self._processes[index]
            self._free.put_nowait(process)
            code = await process.wait()
            level = logging.INFO if process.was_too_slow else logging.ERROR
            text = "A process of the model ended with exit code %s"
            logger.log(level, text, code, extra=process.fields)
            self._processes[index] = await self._replace(process.fields["model"])

    async def _replace(self, model: object) -> ModelProcess:
        pause_s = 1.0
        while True:
            try:
                async with self._starting:
                    process = await self._start()
            except Exception:
                self._cannot_start = True
                logger.exception(
                    "No process of the model; next attempt in %g s", pause_s, extra={"model": model}
                )
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            else:
                self._cannot_start = False
                return process

    async def _for_all(self, end: Callable[[ModelProcess], Awaitable[object]]) -> None:
        await asyncio.gather(*map(end, self._processes))
