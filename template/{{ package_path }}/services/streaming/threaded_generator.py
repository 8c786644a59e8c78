"""Run a generator in threads, one step at a time."""

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import suppress
from functools import partial
from typing import Any

logger = logging.getLogger(__name__)

END = object()


class ThreadedGenerator:
    """A generator whose steps, and whose closing, run in threads."""

    def __init__(self, function: Callable[..., Iterator[Any]], *arguments: Any) -> None:
        self._begin = partial(function, *arguments)
        self._iterator: Iterator[Any] | None = None
        self._steps = threading.Lock()
        self._is_abandoned = False

    def next(self) -> Any:
        """Return the next chunk, or `END`."""
        with self._steps:
            if self._iterator is None:
                self._iterator = iter(self._begin())
            chunk = next(self._iterator, END)
        if self._is_abandoned:
            self._close()
        return chunk

    def abandon(self, threads: Executor) -> None:
        """Close the generator in a thread, without waiting for it."""
        self._is_abandoned = True
        if not self._steps.locked():  # else the current step closes it
            with suppress(RuntimeError):  # the service has ended
                threads.submit(self._close)

    def _close(self) -> None:
        with self._steps:
            close = getattr(self._iterator, "close", None)
            try:
                if close:
                    close()
            except Exception:
                logger.exception("Error while closing a stream")
