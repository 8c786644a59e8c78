"""Keep what is fetched: a folder with an entry for each checksum, written by one process at a time.

An entry appears in one step, verified, and is read-only. What is not pinned is fetched each time.
"""

import hashlib
import logging
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ...config.artifact import ArtifactSettings
from ..errors import ConfigError
from .download import Download, Source

if sys.platform != "win32":
    import fcntl

logger = logging.getLogger(__name__)

Inspect = Callable[[Path], str]  # checks an artifact, and returns its checksum


class Cache:
    """The entries of one artifact."""

    def __init__(self, settings: ArtifactSettings, project: Path, inspect: Inspect) -> None:
        self._settings = settings
        self._inspect = inspect
        self._uri = settings.uri or ""
        self._key = hashlib.sha256(self._uri.encode()).hexdigest()
        last = self._uri.rstrip("/").rpartition("/")[2]
        self._name = re.sub(r"[^\w.@-]", "_", last).lstrip(".") or "artifact"
        self._folder = project / settings.cache_dir if settings.cache_dir else _users_cache()

    def find(self) -> tuple[Path, str] | None:
        """Return path and checksum of a pinned artifact that is there and intact, else None."""
        pin, expected = self._folder / f"{self._key}.pin", self._settings.sha256
        if not expected and self._settings.is_pinned and pin.is_file():
            expected = pin.read_text("utf-8")
        path = self._folder / (expected or "") / self._name
        if not expected or not path.exists():
            return None
        if self._is_intact(path, expected):
            return path, expected
        logger.warning("Damaged, so it is fetched again: %s", path)
        return None

    def fetch(self, source: Source) -> tuple[Path, str]:
        """Fetch the artifact, unless another process does it first; return path and checksum.

        Raises:
            ConfigError: It has another checksum, or the folder cannot be written.
            UnavailableError: The source does not respond.
        """
        with self._alone() as part:
            return self.find() or self._store(*self._fetch(source, part))

    def _fetch(self, source: Source, part: Path) -> tuple[Path, str]:
        settings, new = self._settings, part / self._name
        limit = Download(self._uri, settings.max_bytes, pickles=settings.allow_pickle)
        source.fetch(self._uri, new, limit)
        actual = self._inspect(new)
        if settings.sha256 not in {None, actual}:
            raise wrong_checksum(settings, actual)
        for file in [new, *new.rglob("*")]:
            file.chmod(0o755 if file.is_dir() else 0o444)
        return new, actual

    def _store(self, new: Path, actual: str) -> tuple[Path, str]:
        """Move an artifact that is complete and verified to its place."""
        target = self._folder / actual / self._name
        target.parent.mkdir(exist_ok=True)
        if not self._is_intact(target, actual):
            if target.exists():
                target.rename(new.with_name("damaged"))
            new.rename(target)
        if not self._settings.sha256:  # else what is kept may be more than is allowed without it
            pin = new.with_name("pin")
            pin.write_text(actual, "utf-8")
            pin.replace(self._folder / f"{self._key}.pin")
        return target, actual

    def _is_intact(self, path: Path, expected: str) -> bool:
        try:
            return path.exists() and self._inspect(path) == expected
        except (OSError, ValueError):  # such as while another process replaces it
            return False

    @contextmanager
    def _alone(self) -> Iterator[Path]:
        """Let one process at a time fetch the artifact, into a new folder that does not stay."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = (self._folder / f"{self._key}.lock").open("w")
        except OSError as exc:
            raise ConfigError(
                f"model.artifact.cache_dir: cannot write to {self._folder}: {exc.strerror}; set it "
                "to a folder that the service may write to"
            ) from exc
        with lock:
            if _wait_for(lock, self._uri):  # then these are of processes that ended
                for old in self._folder.glob(f"{self._key}-*.part"):
                    shutil.rmtree(old, ignore_errors=True)
            part = Path(tempfile.mkdtemp(".part", f"{self._key}-", self._folder))
            try:
                yield part
            finally:
                shutil.rmtree(part, ignore_errors=True)


def wrong_checksum(settings: ArtifactSettings, actual: str) -> ConfigError:
    """Return the error for an artifact that is not the one that is configured."""
    return ConfigError(
        f"model.artifact.sha256: {settings.uri} has the checksum {actual}, not {settings.sha256}"
    )


def _wait_for(lock: IO[str], name: str) -> bool:
    """Lock a file until it is closed; return False if the system cannot."""
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        logger.info("Waiting for another process that fetches %s", name)
        fcntl.flock(lock, fcntl.LOCK_EX)
    except OSError:  # a network file system; each process then fetches by itself
        return False
    return True


def _users_cache() -> Path:
    folder = os.environ.get("XDG_CACHE_HOME")
    try:
        return Path(folder or Path("~/.cache").expanduser()) / "model-artifacts"
    except RuntimeError as exc:
        raise ConfigError(
            "model.artifact.cache_dir: must be set, because the user has no home"
        ) from exc
