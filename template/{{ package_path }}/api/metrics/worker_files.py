"""The folder for the metrics of several processes, if the environment names one."""

import os
import tempfile
from pathlib import Path

from ...core.errors import ConfigError

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"  # the client accepts it in lower case too
# The client reads it once, on import.
IS_SHARED = bool(os.environ.keys() & {VARIABLE, VARIABLE.lower()})


def check_folder() -> None:
    """Check that files can be written in the folder; create it if it is missing.

    Raises:
        ConfigError: The folder cannot be used.
    """
    if not IS_SHARED:
        return
    folder = os.environ.get(VARIABLE, os.environ.get(VARIABLE.lower(), ""))
    where = f"Configuration error:\n  environment {VARIABLE}: "
    if not folder:
        raise ConfigError(f"{where}is empty: name a folder, or do not set it")
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as exc:
        problem = f"no files can be written in {folder} ({exc.strerror})"
        raise ConfigError(f"{where}{problem}: name another folder, or do not set it") from exc
