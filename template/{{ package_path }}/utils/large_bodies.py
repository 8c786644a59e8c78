"""Keep the work on a large body from delaying other requests."""

import asyncio
import gc
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

LARGE = 10_000  # bytes
YIELD_AFTER_S = 0.02
_NOTHING = nullcontext()


def gc_paused(size: int) -> AbstractContextManager[None]:
    """Pause the garbage collector while many objects are created.

    Args:
        size: Bytes that the objects are parsed from; for few bytes it is not paused.
    """
    return _pause_gc() if size > LARGE else _NOTHING


@contextmanager
def _pause_gc() -> Iterator[None]:
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


async def yield_to_event_loop(started: float) -> None:
    """Let other requests run if this one has taken more than `YIELD_AFTER_S`."""
    if time.perf_counter() - started > YIELD_AFTER_S:
        await asyncio.sleep(0)
