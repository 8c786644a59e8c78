"""Code that a model brings along: it runs with consent to the artifact only, and of one model."""

import os
import sys
from pathlib import Path
from threading import Lock
from typing import Any

from ...core.artifacts.files import is_pickle
from ...core.artifacts.mlflow_registry import import_mlflow
from ...core.errors import ConfigError
from .logged_model import PYFUNC, LoggedModel

CONSENT = "MLFLOW_ALLOW_PICKLE_DESERIALIZATION"
CONSENT_TO_ALL = os.environ.get(CONSENT, "false")
CODE, LOADER, SCRIPT = "code", "loader_module", "model_code_path"


class OwnCode:
    """The folder whose modules this process has imported: those of another have the same names."""

    folder: Path | None = None
    lock = Lock()


def runs_code(logged: LoggedModel) -> bool:
    """Return whether the folder has files that run code, to which the settings then consent."""
    return any(is_pickle(file) for file in logged.folder.rglob("*") if file.is_file())


def prepare_code(logged: LoggedModel) -> None:
    """Let Python import the code of a model, if it has any.

    Raises:
        ConfigError: The code is not in the folder, or this process has imported that of another.
    """
    pyfunc = logged.flavors.get(PYFUNC, {})
    names = {values[CODE] for values in logged.flavors.values() if values.get(CODE)}
    is_own = not str(pyfunc.get(LOADER, "mlflow.")).startswith("mlflow.")
    folders = [(logged.folder / name).resolve() for name in sorted(names)]
    is_inside = all(folder.is_relative_to(logged.folder.resolve()) for folder in folders)
    if (names or is_own or SCRIPT in pyfunc) and not (is_inside and runs_code(logged)):
        raise ConfigError(f"{logged.folder}: its file MLmodel names code that is not in the folder")
    if not folders:
        return
    with OwnCode.lock:
        if OwnCode.folder not in {None, logged.folder}:
            raise ConfigError(
                f"{logged.folder} has code of its own, and so has {OwnCode.folder}, whose modules "
                "this process has imported: a process serves one such model, until a restart"
            )
        OwnCode.folder = logged.folder
    sys.path += [str(folder) for folder in folders if str(folder) not in sys.path]


def load_pyfunc(logged: LoggedModel) -> Any:
    """Return the model that `mlflow.pyfunc` loads.

    Raises:
        ConfigError: It cannot be loaded, or is a pickle without consent.
    """
    if PYFUNC not in logged.flavors:
        raise ConfigError(f"{logged.folder} has no flavour that can be loaded here: no {PYFUNC}")
    pyfunc = import_mlflow().pyfunc
    try:
        with OwnCode.lock:
            os.environ[CONSENT] = "true" if runs_code(logged) else CONSENT_TO_ALL
            return pyfunc.load_model(str(logged.folder), suppress_warnings=True)
    except Exception as exc:
        reason = " ".join(f"{type(exc).__name__}: {exc}".split())[:300]
        raise ConfigError(f"{logged.folder} cannot be loaded by MLflow: {reason}") from exc
