"""Changes that are made to the end, whoever waits for them."""

import asyncio
from collections.abc import Coroutine
from typing import Any

_running: set[asyncio.Task[None]] = set()  # the event loop refers to tasks weakly


async def to_the_end(changes: Coroutine[Any, Any, None]) -> None:
    """Make changes, which go on if the caller is cancelled, as for a client that disconnects."""
    task = asyncio.create_task(changes)
    _running.add(task)
    task.add_done_callback(_end)
    await asyncio.shield(task)


def _end(task: asyncio.Task[None]) -> None:
    _running.discard(task)
    if not task.cancelled():
        task.exception()  # it is in the log, and asyncio need not log it if nobody waits
