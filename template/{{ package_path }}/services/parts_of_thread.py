"""A generator that runs in threads, a step at a time, and is closed when nobody wants more."""

import threading
from collections.abc import Generator, Iterator
from concurrent.futures import Executor
from contextlib import suppress
from typing import Any

END = object()


class PartsOfThread:
    """A generator that runs in threads, a step at a time, and is closed when nobody wants more."""

    def __init__(self, parts: Iterator[Any]) -> None:
        self._parts = parts
        self._steps = threading.Lock()
        self._is_left = False

    def next(self) -> Any:
        """Give the next part, or `END`."""
        with self._steps:
            part = next(self._parts, END)
        if self._is_left:
            self._close()
        return part

    def leave(self, threads: Executor) -> None:
        """Close the generator: here and now nobody may wait, for its last step or its end."""
        self._is_left = True
        if not self._steps.locked():  # else the step does it
            with suppress(RuntimeError):  # the service has ended
                threads.submit(self._close)

    def _close(self) -> None:
        with self._steps:
            if isinstance(self._parts, Generator):
                self._parts.close()
