"""Write records in a thread, so that no request waits for a disk or for your functions."""

import logging
from collections import Counter, deque
from functools import cache
from threading import Event, Thread
from typing import NamedTuple

from ...config.recording import RecordingSettings
from .files import RecordFiles
from .source import Source

logger = logging.getLogger(__name__)

PAUSE_S = 0.05  # records of one pause are written together
MOST = 100  # records in one write
CLOSE_S = 10  # for the last records


class Entry(NamedTuple):
    """A record that waits, and where it comes from."""

    source: Source
    line: bytes


@cache
def writer_of(settings: RecordingSettings) -> "RecordWriter":
    """Return the writer of this process, for all models and versions.

    Raises:
        ConfigError: No files can be written in the folder.
    """
    return RecordWriter(settings)


class RecordWriter:
    """A bounded queue of records, and a thread that writes them; it runs while there are some."""

    def __init__(self, settings: RecordingSettings) -> None:
        self._files = RecordFiles(settings)
        self._max_waiting = settings.max_waiting
        self._waiting: deque[Entry] = deque()
        self._wake, self._ends = Event(), Event()
        self._thread: Thread | None = None
        self._dropped = 0
        self._is_failing = False
        logger.info("Recording %g of all predictions in %s", settings.sample, self._files.folder)

    def put(self, entry: Entry) -> None:
        """Let a record wait; drop it if too many do."""
        if len(self._waiting) >= self._max_waiting:
            self._dropped += 1
            entry.source.count("dropped")
            return
        self._waiting.append(entry)
        if len(self._waiting) == 1:  # the thread may be asleep
            self._start()
            self._wake.set()

    def close(self) -> None:
        """Write what waits, but not forever: the disk may be stuck."""
        self._ends.set()
        self._wake.set()
        if self._thread:
            self._thread.join(CLOSE_S)
        if self._waiting:
            logger.warning("%s records were not written in time", len(self._waiting))

    def _start(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._ends.clear()
            self._thread = Thread(target=self._work, name="record-writer", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        is_last = False
        while not is_last:
            self._wake.wait()
            is_last = self._ends.wait(PAUSE_S)
            self._wake.clear()  # before reading the records, so that none is missed
            while self._waiting:
                number = min(len(self._waiting), MOST)
                entries = [self._waiting.popleft() for _ in range(number)]
                try:
                    self._write(entries)
                except Exception as exc:  # noqa: BLE001  (an observer of yours)
                    logger.error("Error while writing records: %s", type(exc).__name__)  # noqa: TRY400
        self._files.close()

    def _write(self, entries: list[Entry]) -> None:
        finished = [(entry.source, entry.source.finish(entry.line)) for entry in entries]
        lines = [line for _, line in finished if line is not None]
        result = "written" if self._append(lines) else "dropped"
        for source, number in Counter(s for s, line in finished if line is not None).items():
            source.count(result, number)
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            logger.warning("Dropped %s records: too many waited to be written", dropped)

    def _append(self, lines: list[bytes]) -> bool:
        """Write lines; log the first failure of several in a row."""
        try:
            if lines:
                self._files.append(b"\n".join([*lines, b""]))
        except OSError as exc:
            if not self._is_failing:
                reason = exc.strerror or type(exc).__name__
                text = "Cannot record predictions, which are served as before: %s"
                logger.error(text, reason)  # noqa: TRY400
            self._is_failing = True
            return False
        self._is_failing = False
        return True
