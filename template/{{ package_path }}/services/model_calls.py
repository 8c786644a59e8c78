"""Call functions and await coroutines of a model, whatever they raise."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any


def call_model(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function of the model; replace exceptions that would end a task or the process."""
    try:
        return function(*arguments)
    except BaseException as exc:
        if is_error(exc):
            raise
        raise RuntimeError(f"The model raised {exc!r}") from exc


async def await_model(call: Awaitable[Any]) -> Any:
    """Await a coroutine of the model; replace exceptions as `call_model` does."""
    try:
        return await call
    except BaseException as exc:
        task, is_closing = asyncio.current_task(), isinstance(exc, GeneratorExit)
        if task and task.cancelling() and not is_closing:
            raise asyncio.CancelledError from exc  # else a retry would have no time limit
        if is_closing or is_error(exc):
            raise
        raise RuntimeError(f"The model raised {exc!r}") from exc


def is_error(exc: BaseException) -> bool:
    """Return whether an exception is an ordinary error: no exit, cancellation or StopIteration."""
    return isinstance(exc, Exception) and not isinstance(exc, StopIteration)
