"""The file MLmodel of a folder, in which MLflow has logged facts about a model."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from ...core.errors import ConfigError

MLMODEL = "MLmodel"
LAST_KEY = "utc_time_created"  # the file is sorted: without it, its end is missing
PYFUNC = "python_function"


class LoggedModel(NamedTuple):
    """A folder, the flavours in which MLflow can load it, and the types of its rows."""

    folder: Path
    flavors: dict[str, Any]
    inputs: list[Any] | None
    """Columns or tensors of the logged signature; None if there is none."""
    outputs: list[Any] | None

    def path_of(self, name: str) -> Path:
        """Return the path of a file of the folder.

        Raises:
            ConfigError: It is not there.
        """
        path = (self.folder / name).resolve()
        if not (path.is_relative_to(self.folder.resolve()) and path.is_file()):
            raise ConfigError(f"{self.folder / MLMODEL} names {name}, which is not in the folder")
        return path


def read_logged_model(folder: Path) -> LoggedModel:
    """Return the logged facts about the model of a folder.

    Raises:
        ConfigError: It is not a folder of MLflow, or its MLmodel is incomplete.
    """
    file = folder / MLMODEL
    if not file.is_file():
        raise ConfigError(f"{folder} must be a folder with a file {MLMODEL}, as MLflow writes it")
    try:
        told: dict[str, Any] = yaml.safe_load(file.read_text("utf-8"))
        told[LAST_KEY]
        flavors = {name: dict(values) for name, values in told["flavors"].items()}
        signature = told.get("signature") or {}
        types = [json.loads(signature.get(key) or "null") for key in ("inputs", "outputs")]
    except (AttributeError, LookupError, TypeError, ValueError, yaml.YAMLError) as exc:
        reason = " ".join(f"{type(exc).__name__}: {exc}".split())[:300]
        raise ConfigError(f"{file} is incomplete, or was not written by MLflow: {reason}") from exc
    return LoggedModel(folder, flavors, *types)
