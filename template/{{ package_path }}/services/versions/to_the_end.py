"""Changes that are made to the end, even if the caller is cancelled."""

import asyncio
from collections.abc import Coroutine
from typing import Any

_running: set[asyncio.Task[None]] = set()  # the event loop refers to tasks weakly


async def to_the_end(changes: Coroutine[Any, Any, None]) -> None:
    """Make changes; they go on if the caller is cancelled, as when a client disconnects."""
    await asyncio.shield(begin(changes))


def begin(changes: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Begin changes that log their errors themselves."""
    task = asyncio.create_task(changes)
    _running.add(task)
    task.add_done_callback(_end)
    return task


def _end(task: asyncio.Task[None]) -> None:
    _running.discard(task)
    if not task.cancelled():
        task.exception()  # asyncio would log it again if nobody waits
