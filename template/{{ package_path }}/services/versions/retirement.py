"""Release what a version held, once nothing uses it any more."""

import asyncio
import ctypes
import gc
import logging
import os
import threading
from concurrent.futures import Executor
from contextlib import suppress
from time import monotonic

from ..inference_service import InferenceService
from .leases import users

logger = logging.getLogger(__name__)

POLL_S = 0.02
OTHER_LIBRARIES = AttributeError, OSError, TypeError  # than glibc, or Windows
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of malloc.h
LARGE = 4_000_000  # bytes


def return_large_blocks() -> None:
    """Let the C library return the memory of large arrays to the system as soon as they are freed.

    By default, glibc keeps up to 64 MB in each arena, and threads have several arenas. Now a block
    of 4 MB or more costs a system call. Variables such as `MALLOC_TRIM_THRESHOLD_` take precedence.
    """
    if not any(name.startswith(("MALLOC_", "GLIBC_TUNABLES")) for name in os.environ):
        with suppress(*OTHER_LIBRARIES):
            library = ctypes.CDLL(None)
            library.mallopt(M_MMAP_THRESHOLD, LARGE)
            library.mallopt(M_TRIM_THRESHOLD, 2 * LARGE)


async def retire(service: InferenceService, concurrency: int, drain_s: float) -> None:
    """Unload a model and free its memory, when its last request and call have ended.

    A call that ran out of time still uses the model, so there is no limit; after `drain_s` seconds
    a warning says that the model is still in memory.
    """
    name = f"{service.name} {service.version}"
    warning = asyncio.get_running_loop().call_later(drain_s, _warn, name, drain_s)
    try:
        while service in users:  # noqa: ASYNC110  (an event for each request would cost more)
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
    with suppress(*OTHER_LIBRARIES):
        ctypes.CDLL(None).malloc_trim(0)
