"""Release what a version held, once nothing uses it any more."""

import asyncio
import ctypes
import gc
import logging
import os
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from inspect import iscoroutinefunction
from time import monotonic

from ...config.settings import Settings
from ..inference_service import InferenceService
from .leases import users

logger = logging.getLogger(__name__)

POLL_S = 0.02
NO_GLIBC = AttributeError, OSError, TypeError  # raised by other C libraries, and on Windows
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of malloc.h
LARGE = 4_000_000  # bytes


def return_large_blocks() -> None:
    """Let the C library return the memory of large arrays to the system as soon as they are freed.

    By default, glibc keeps up to 64 MB in each arena, and threads have several arenas. Now a block
    of 4 MB or more costs a system call. Variables such as `MALLOC_TRIM_THRESHOLD_` take precedence.
    """
    if not any(name.startswith(("MALLOC_", "GLIBC_TUNABLES")) for name in os.environ):
        with suppress(*NO_GLIBC):
            library = ctypes.CDLL(None)
            library.mallopt(M_MMAP_THRESHOLD, LARGE)
            library.mallopt(M_TRIM_THRESHOLD, 2 * LARGE)


class Retirements:
    """Services of a version that are unloaded once nothing uses them any more."""

    def __init__(self) -> None:
        self._tasks: dict[InferenceService, asyncio.Task[None]] = {}

    def __contains__(self, service: InferenceService) -> bool:
        """Return whether a service is being unloaded."""
        return service in self._tasks

    def begin(self, service: InferenceService, settings: Settings) -> asyncio.Task[None]:
        """Begin to unload a service, or return the task that does."""
        if service not in self._tasks:
            limits = settings.service.concurrency, settings.repository.drain_s
            task = self._tasks[service] = asyncio.create_task(retire(service, *limits))
            task.add_done_callback(lambda _: self._tasks.pop(service))
        return self._tasks[service]

    def stop(self, current: InferenceService) -> list[Awaitable[None]]:
        """Stop these services and the current one; return what is still to be awaited."""
        return [*filter(None, map(stop, {current, *self._tasks}))]


async def retire(service: InferenceService, concurrency: int, drain_s: float) -> None:
    """Unload a model and free its memory, when its last request and call have ended.

    A call that ran out of time still uses the model, so there is no limit; after `drain_s` seconds
    a warning says that the model is still in memory.
    """
    name = full_name(service)
    warning = asyncio.get_running_loop().call_later(drain_s, _warn, name, drain_s)
    try:
        while service in users:  # noqa: ASYNC110  (an event for each request would cost more)
            await asyncio.sleep(POLL_S)
        await _in_thread(service.runner.threads.shutdown)
        for _ in range(concurrency):
            await service.runner.coroutines.acquire()
    finally:
        warning.cancel()
    started = monotonic()
    if iscoroutinefunction(service.runner.model.unload):
        await (stop(service) or asyncio.sleep(0))
    else:
        await _in_thread(partial(stop, service))  # it may take long
    _free(service)
    logger.info("Unloaded %s in %.3f s", name, monotonic() - started)


def _warn(name: str, drain_s: float) -> None:
    logger.warning("%s stays in memory: it is still in use after %g s", name, drain_s)


def full_name(service: InferenceService) -> str:
    """Return the name and the version of a model, for log lines."""
    return f"{service.name} {service.version}"


def stop(service: InferenceService) -> Awaitable[None] | None:
    """Stop a service, and return what is still to be awaited; an error of the model is logged."""
    name, unloading = full_name(service), None
    with _errors_logged(name):
        unloading = service.stop()
    return _end(unloading, name) if unloading else None


async def _end(unloading: Awaitable[object], name: str) -> None:
    with _errors_logged(name):
        await unloading


@contextmanager
def _errors_logged(name: str) -> Iterator[None]:
    try:
        yield
    except Exception:
        logger.exception("Error while unloading %s", name)


async def _in_thread(function: Callable[[], object]) -> None:
    """Call a function in a thread that does not keep the process from exiting."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()

    def call() -> None:
        function()
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=call, name="retirement", daemon=True).start()
    await ended.wait()


def _free(service: InferenceService) -> None:
    """Drop what the model holds: cycles that garbage collection does not visit would keep it."""
    vars(service.runner.model).clear()
    is_frozen = gc.get_freeze_count() > 0  # by `hardening`, and so are the cycles of the start
    gc.collect()
    if is_frozen:
        gc.freeze()
    with suppress(*NO_GLIBC):
        ctypes.CDLL(None).malloc_trim(0)
