"""Fetch models from an MLflow registry, or from a run of its server.

`MLFLOW_TRACKING_URI` names the server, and `MLFLOW_TRACKING_TOKEN`, or `MLFLOW_TRACKING_USERNAME`
and `…_PASSWORD`, give access. Without it, the registry is the file `artifacts/mlflow.db`.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from ...config.artifact import registry_address
from ..errors import ConfigError
from ..metadata import PROJECT_DIR
from .download import Download, UnavailableError

TRACKING_URI, SQLITE = "MLFLOW_TRACKING_URI", "sqlite:///"
DEFAULTS = {
    TRACKING_URI: f"{SQLITE}{PROJECT_DIR}/artifacts/mlflow.db",
    "MLFLOW_CONFIGURE_LOGGING": "false",  # its lines are in the service's log
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",  # the caller tries again
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "60",
}
TRANSIENT = {408, 425, 429}  # and 5xx


@cache
def import_mlflow() -> Any:
    """Return the package, which takes seconds to import, with other defaults."""
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    import mlflow  # noqa: PLC0415

    return mlflow


def fetch(uri: str, target: Path, download: Download) -> None:
    """Write the model that a URI names to a folder.

    Raises:
        ConfigError: There is no such model, access is denied, or it is too large.
        UnavailableError: The server does not respond.
    """
    with _explained(uri):
        found = _find(uri)  # an alias may move meanwhile
        exact = f"models:/{found.name}/{found.version}" if found else uri
        utils: Any = import_mlflow().tracking.artifact_utils
        repository = utils.get_artifact_repository(exact)
        download.expect(_size(repository))
        part = target.with_name("mlflow")
        part.mkdir()
        with download.watch(part):
            repository.download_artifacts("", str(part))
        part.rename(target)


def tag(uri: str) -> str:
    """Return what an alias or a version leads to now.

    Raises:
        ConfigError: There is no such model, or access is denied.
        UnavailableError: The server does not respond.
    """
    with _explained(uri):
        found = _find(uri)
        return f"{found.version} {found.source} {found.creation_timestamp}" if found else uri


def _find(uri: str) -> Any:
    """Return the registered version that a URI names; None for the model of a run."""
    address: Any = registry_address(uri)
    mlflow = import_mlflow()
    _check_file(os.environ[TRACKING_URI])
    if address is None:
        return None
    client = mlflow.MlflowClient()
    if address["alias"]:
        return client.get_model_version_by_alias(address["name"], address["alias"])
    return client.get_model_version(address["name"], address["version"])


def _check_file(tracking_uri: str) -> None:
    """Check that a file of SQLite is there: MLflow would make a new one, without models."""
    if tracking_uri.startswith(SQLITE):
        path = Path(tracking_uri.removeprefix(SQLITE))
        if not path.is_file():
            raise ConfigError(f"MLFLOW_TRACKING_URI: there is no file {path}; name your server")


def _size(repository: Any, folder: str | None = None) -> int:
    entries = repository.list_artifacts(folder)
    return sum(_size(repository, e.path) if e.is_dir else e.file_size or 0 for e in entries)


@contextmanager
def _explained(uri: str) -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as exc:
        needed = f"{uri}: its files are where the package {exc.name} is needed: add it"
        raise ConfigError(f"model.artifact.uri: {needed}") from exc
    except _failures() as exc:
        reason = str(exc).partition("\n")[0][:300]
        is_local, status = os.environ[TRACKING_URI].startswith(SQLITE), _status(exc)
        if not is_local and (status >= 500 or status in TRANSIENT):
            raise UnavailableError(f"{uri}: {reason}") from exc
        raise ConfigError(f"model.artifact.uri: {uri}: {reason}") from exc


def _failures() -> tuple[type[Exception], ...]:
    """Return what MLflow raises, once it does: the packages take long to import."""
    from mlflow.exceptions import MlflowException  # noqa: PLC0415
    from requests import RequestException  # noqa: PLC0415
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    return MlflowException, RequestException, SQLAlchemyError


def _status(exc: Any) -> int:
    """Return the HTTP status of an error; 503 if there was no response."""
    if hasattr(exc, "get_http_status_code"):
        return int(exc.get_http_status_code())
    response = getattr(exc, "response", None)
    return 503 if response is None else int(response.status_code)
