"""Release what a version held, once nothing uses it any more."""

import asyncio
import ctypes
import gc
import logging
import threading
from concurrent.futures import Executor
from contextlib import suppress
from time import monotonic

from ..inference_service import InferenceService
from .leases import users

logger = logging.getLogger(__name__)

POLL_S = 0.02


async def retire(service: InferenceService, concurrency: int, drain_s: float) -> None:
    """Unload a model and free its memory, when its last request and call have ended.

    A call that ran out of time still uses the model, so there is no limit; after `drain_s` seconds
    a warning says that the model is still in memory.
    """
    name = f"{service.name} {service.version}"
    warning = asyncio.get_running_loop().call_later(drain_s, _warn, name, drain_s)
    try:
        while users[service]:  # noqa: ASYNC110  (an event for each request would cost more)
            await asyncio.sleep(POLL_S)
        await _end_of_threads(service.runner.threads)
        for _ in range(concurrency):
            await service.runner.coroutines.acquire()
    finally:
        warning.cancel()
    started = monotonic()
    try:
        if unloading := service.stop():
            await unloading
    except Exception:
        logger.exception("Error while unloading %s", name)
    _free(service)
    logger.info("Unloaded %s in %.3f s", name, monotonic() - started)


def _warn(name: str, drain_s: float) -> None:
    logger.warning("%s stays in memory: it is still in use after %g s", name, drain_s)


async def _end_of_threads(pool: Executor) -> None:
    """Wait for the threads of a pool, in a thread that does not keep the process from exiting."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()

    def wait() -> None:
        pool.shutdown()
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=wait, name="retirement", daemon=True).start()
    await ended.wait()


def _free(service: InferenceService) -> None:
    """Drop what the model holds: cycles that garbage collection does not visit would keep it."""
    vars(service.runner.model).clear()
    is_frozen = gc.get_freeze_count() > 0  # by `hardening`, and so are the cycles of the start
    gc.collect()
    if is_frozen:
        gc.freeze()
    with suppress(AttributeError, OSError, TypeError):  # another C library, or Windows
        ctypes.CDLL(None).malloc_trim(0)
