"""Files of limited size and number, of one process, in a folder that several may share."""

import io
import os
import tempfile
from contextlib import suppress
from datetime import UTC, datetime

from ...config.recording import RecordingSettings
from ...core.errors import ConfigError
from ...core.metadata import PROJECT_DIR

PATTERN = "predictions-*.jsonl"
MODE = 0o600  # inputs may be personal data


class RecordFiles:
    """Append lines to files; the oldest files of the folder are deleted."""

    def __init__(self, settings: RecordingSettings) -> None:
        """Create the folder.

        Raises:
            ConfigError: No files can be written in it.
        """
        self.folder = PROJECT_DIR / settings.path
        self._max_bytes, self._max_files = settings.max_file_bytes, settings.max_files
        self._file: io.FileIO | None = None
        self._size = 0
        try:
            if not self.folder.exists():
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                (self.folder / ".gitignore").write_text("*\n")  # they must not be committed
            tempfile.TemporaryFile(dir=self.folder).close()
        except OSError as exc:
            problem = f"no files can be written in {self.folder} ({exc.strerror})"
            raise ConfigError(f"Configuration error:\n  recording.path: {problem}") from exc

    def append(self, lines: bytes) -> None:
        """Append whole lines to the current file, or to the next one.

        Raises:
            OSError: They cannot be written; then no part of them is.
        """
        file = self._file
        if file is None or self._size + len(lines) > self._max_bytes or _is_deleted(file):
            file = self._begin()
        try:
            _write(file, lines)
        except OSError:
            with suppress(OSError):
                file.truncate(self._size)
                file.seek(self._size)
            raise
        self._size += len(lines)

    def close(self) -> None:
        """Close the current file."""
        if self._file:
            self._file.close()
            self._file = None

    def _begin(self) -> io.FileIO:
        name = f"predictions-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}-{os.getpid()}.jsonl"
        file = io.FileIO(self.folder / name, "x", opener=_open_private)
        self.close()
        self._file, self._size = file, 0
        for old in sorted(self.folder.glob(PATTERN))[: -self._max_files]:
            old.unlink(missing_ok=True)  # of this process, or of any other
        return file


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, MODE)


def _is_deleted(file: io.FileIO) -> bool:
    return os.fstat(file.fileno()).st_nlink == 0


def _write(file: io.FileIO, lines: bytes) -> None:
    rest = memoryview(lines)
    while rest:
        rest = rest[file.write(rest) :]
