"""Writing log lines in a thread, so that a slow or full standard output makes no request wait."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

logger = logging.getLogger(__name__)

MAX_PENDING = 10_000  # lines
PAUSE_S = 0.05  # lines that come within it are written at once


class BackgroundHandler(logging.StreamHandler[Any]):
    """Formats lines where they are logged, and writes them in a thread, in order.

    The thread does next to nothing but wait for the write: formatting there would compete with the
    event loop for the interpreter, and show as latency. Lines that find no room, because the stream
    takes none, are dropped and counted.
    """

    def __init__(self, stream: Any, on_drop: Callable[[int], object] = lambda _: None) -> None:
        super().__init__(stream)
        self.dropped = 0
        """Lines dropped so far."""
        self._on_drop = on_drop
        self._reported = 0
        self._lines: deque[str] = deque()
        self._wake = threading.Event()
        self._closed = self._writing = False
        self._thread = threading.Thread(target=self._work, name="log-writer", daemon=True)
        self._thread.start()

    @property
    def stuck(self) -> bool:
        """Whether lines wait to be written, or are being."""
        return bool(self._lines) or self._writing

    def emit(self, record: logging.LogRecord) -> None:
        """Take a line."""
        if len(self._lines) >= MAX_PENDING:
            self._drop(1)
            return
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001  (the arguments of a call of ours, or of a library)
            self.handleError(record)
            return
        self._lines.append(line)
        if len(self._lines) == 1:  # so the thread may be asleep
            self._wake.set()

    def flush(self, timeout: float = 1) -> None:
        """Wait until all lines are written, but not for ever: the stream may be stuck."""
        deadline = time.monotonic() + timeout
        while self.stuck and time.monotonic() < deadline:
            time.sleep(PAUSE_S / 10)

    def close(self) -> None:
        """Write what is left, end the thread."""
        self.flush()
        self._closed = True
        self._wake.set()
        super().close()

    def _work(self) -> None:
        while not self._closed:
            self._wake.wait()
            time.sleep(PAUSE_S)
            self._wake.clear()  # before the look at the lines, so that none is overlooked
            while self._lines:
                self._writing = True
                self._write([self._lines.popleft() for _ in range(len(self._lines))])
                self._writing = False

    def _write(self, lines: list[str]) -> None:
        text = "\n".join([*lines, ""])
        try:
            encoding = getattr(self.stream, "encoding", None) or "utf-8"
            self.stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
            self.stream.flush()
        except Exception:  # noqa: BLE001  (closed, perhaps, or a stream of somebody's own)
            self._drop(len(lines))
            return
        if dropped := self.dropped - self._reported:
            self._reported += dropped
            logger.warning("Dropped %s lines of the log: nobody read them in time", dropped)

    def _drop(self, lines: int) -> None:
        self.dropped += lines
        self._on_drop(lines)
