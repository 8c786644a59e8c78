"""Write log lines in a thread, so that requests do not wait for a slow standard output."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from .forking import AtFork

logger = logging.getLogger(__name__)

MAX_PENDING = 10_000  # lines
PAUSE_S = 0.05  # lines of one pause are written together


class BackgroundHandler(logging.StreamHandler[Any], AtFork):
    """Format lines when they are logged, and write them in a thread, in order.

    The thread does little but wait for the write: formatting there would compete with the event
    loop for the interpreter, and add latency. Lines beyond the limit, when the stream accepts none,
    are dropped and counted. A process that the model forks writes its lines at once.
    """

    def __init__(self, stream: Any, on_drop: Callable[[int], object] = lambda _: None) -> None:
        super().__init__(stream)
        self.dropped = 0
        """Lines dropped so far."""
        self._on_drop = on_drop
        self._reported = 0
        self._lines: deque[str] = deque()
        self._wake = threading.Event()
        self._notify: Callable[[], object] = self._wake.set
        self._stream_lock = threading.Lock()
        self._is_copyable = False
        self._closed = self._writing = False
        self._thread = threading.Thread(target=self._work, name="log-writer", daemon=True)
        self._thread.start()
        self.watch_forks()

    @property
    def stuck(self) -> bool:
        """Whether lines are waiting or being written."""
        return bool(self._lines) or self._writing

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a line."""
        if len(self._lines) >= MAX_PENDING:
            self._drop(1)
            return
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001  (wrong arguments of a logging call)
            self.handleError(record)
            return
        self._lines.append(line)
        if len(self._lines) == 1:  # the thread may be asleep
            self._notify()

    def flush(self, timeout: float = 1) -> None:
        """Wait until all lines are written, but not forever: the stream may be stuck."""
        deadline = time.monotonic() + timeout
        while self.stuck and time.monotonic() < deadline:
            time.sleep(PAUSE_S / 10)

    def close(self) -> None:
        """Write the remaining lines, and end the thread."""
        self.ignore_forks()
        self.flush()
        self._closed = True
        self._wake.set()
        super().close()

    def _work(self) -> None:
        while not self._closed:
            self._wake.wait()
            time.sleep(PAUSE_S)
            self._wake.clear()  # before reading the lines, so that none is missed
            self._write_all()

    def _write_all(self) -> None:
        while self._lines:
            self._writing = True
            with self._stream_lock:
                self._write([self._lines.popleft() for _ in range(len(self._lines))])
            self._writing = False

    def before_fork(self) -> None:
        """Wait until no line is half written, but not forever: the stream may be stuck."""
        self._is_copyable = self._stream_lock.acquire(timeout=1)

    def after_fork(self) -> None:
        """Continue writing."""
        if self._is_copyable:
            self._stream_lock.release()

    def in_child(self) -> None:
        """Write lines when they are logged; drop them if the stream stays locked."""
        self._lines.clear()  # the other process writes them
        self._writing, self._on_drop = False, lambda _: None
        self._wake, self._stream_lock = threading.Event(), threading.Lock()
        self._notify = self._write_all if self._is_copyable else self._lines.clear

    def _write(self, lines: list[str]) -> None:
        text = "\n".join([*lines, ""])
        try:
            encoding = getattr(self.stream, "encoding", None) or "utf-8"
            self.stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
            self.stream.flush()
        except Exception:  # noqa: BLE001  (a closed or custom stream)
            self._drop(len(lines))
            return
        if dropped := self.dropped - self._reported:
            self._reported += dropped
            logger.warning("Dropped %s log lines: the output did not accept them in time", dropped)

    def _drop(self, lines: int) -> None:
        self.dropped += lines
        self._on_drop(lines)
