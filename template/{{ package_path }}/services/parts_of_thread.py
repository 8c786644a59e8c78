"""Parts that a function gives one by one, made in threads, a step at a time."""

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import suppress
from functools import partial
from typing import Any

logger = logging.getLogger(__name__)

END = object()


class PartsOfThread:
    """Begins with the first step; is closed, in a thread too, when nobody wants more of it."""

    def __init__(self, function: Callable[..., Iterator[Any]], *arguments: Any) -> None:
        self._begin = partial(function, *arguments)
        self._parts: Iterator[Any] | None = None
        self._steps = threading.Lock()
        self._is_left = False

    def next(self) -> Any:
        """Give the next part, or `END`."""
        with self._steps:
            if self._parts is None:
                self._parts = iter(self._begin())
            part = next(self._parts, END)
        if self._is_left:
            self._close()
        return part

    def leave(self, threads: Executor) -> None:
        """Close it, without waiting here and now for its last step or its end."""
        self._is_left = True
        if not self._steps.locked():  # else the step does it
            with suppress(RuntimeError):  # the service has ended
                threads.submit(self._close)

    def _close(self) -> None:
        with self._steps:
            close = getattr(self._parts, "close", None)
            try:
                if close:
                    close()
            except Exception:
                logger.exception("Error while closing a stream")
