"""A download: its progress in the log, its limit, and the error when its source is down."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import Protocol

from ..errors import ConfigError, ServiceError

logger = logging.getLogger(__name__)

LOG_EVERY_S = 10


class UnavailableError(ServiceError):
    """The source of an artifact does not respond; a later attempt may succeed."""


class Download:
    """Bytes of a download, counted."""

    def __init__(self, name: str, max_bytes: int, *, pickles: bool = False) -> None:
        self.name = name
        self.pickles = pickles
        """Whether pickles are wanted."""
        self.bytes = 0
        self._max_bytes = max_bytes
        self._total = 0
        self._logged = time.monotonic()

    def expect(self, size: int) -> None:
        """Log that a download begins, which is as large as its source declares.

        Raises:
            ConfigError: That is too large.
        """
        self._check(size)
        self._total = size
        logger.info("Fetching %s: %s", self.name, megabytes(size))

    def add(self, size: int) -> None:
        """Count bytes that have arrived.

        Raises:
            ConfigError: They are too many.
        """
        self.bytes += size
        self._check(self.bytes)
        if time.monotonic() - self._logged >= LOG_EVERY_S:
            self._log(self.bytes)

    @contextmanager
    def watch(self, folder: Path) -> Iterator[None]:
        """Log the progress of a library that writes into a folder by itself."""
        ended = Event()

        def look() -> None:
            while not ended.wait(LOG_EVERY_S):
                with suppress(OSError):  # a file was renamed meanwhile
                    files = [file for file in folder.rglob("*") if file.is_file()]
                    self._log(sum(file.stat().st_size for file in files))

        Thread(target=look, daemon=True).start()
        try:
            yield
        finally:
            ended.set()

    def _log(self, done: int) -> None:
        self._logged = time.monotonic()
        progress = f"{megabytes(done)} of {megabytes(self._total)}"
        logger.info("Fetching %s: %s", self.name, progress)

    def _check(self, size: int) -> None:
        if size > self._max_bytes:
            raise ConfigError(
                f"{self.name} has {size} bytes or more, model.artifact.max_bytes is "
                f"{self._max_bytes}"
            )


class Source(Protocol):
    """A module that fetches artifacts."""

    def fetch(self, uri: str, target: Path, download: Download) -> None:
        """Write what a URI names to a path: a file, or a folder with files.

        Raises:
            ConfigError: There is no such artifact, access is denied, or it is too large.
            UnavailableError: The source does not respond.
        """

    def tag(self, uri: str) -> str:
        """Return a text that changes when what a URI names does.

        Raises:
            ConfigError: There is no such artifact, or access is denied.
            UnavailableError: The source does not respond.
        """


def megabytes(size: int) -> str:
    """Return a size for people."""
    return f"{size / 1e6:.1f} MB"
