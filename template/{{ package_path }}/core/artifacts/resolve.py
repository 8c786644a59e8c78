"""Resolve `model.artifact` to a path, verified."""

from collections.abc import Collection
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit
from urllib.request import url2pathname

from ...config.artifact import ArtifactSettings, scheme_of
from ..errors import ConfigError
from ..importing import import_own
from ..metadata import PROJECT_DIR
from .cache import Cache, wrong_checksum
from .download import Source
from .files import digest, explained, is_pickle, list_files, root_of, size_of

EXAMPLE_SCRIPT = "scripts/make_example_model.py"
# Which module fetches what; each is of a feature with the same name, or of a backend.
SOURCES = {
    **dict.fromkeys(("s3", "gs", "az", "https"), "object_stores"),
    "hf": "hugging_face",
    **dict.fromkeys(("models", "runs"), "mlflow_registry"),
}
BACKENDS = {"mlflow_registry": "the backend mlflow"}


class Artifact(NamedTuple):
    """An artifact on this machine."""

    path: Path
    sha256: str


def check_allowed(settings: ArtifactSettings, environment: str) -> None:
    """Check what can be known before the artifact is there.

    Raises:
        ConfigError: It must be pinned, or needs a feature or backend that was not chosen.
    """
    if environment == "production" and not (settings.is_pinned or settings.allow_unpinned):
        raise ConfigError(
            "Configuration error:\n  model.artifact.sha256: must be set when environment is "
            "production, or model.artifact.allow_unpinned"
        )
    if settings.is_remote:
        source_of(settings.uri or "")


def source_of(uri: str) -> Source:
    """Return the module that fetches an artifact.

    Raises:
        ConfigError: Its feature was not chosen, or its library is not installed.
    """
    scheme = scheme_of(uri)
    feature = SOURCES[scheme]
    module = f"{__package__}.{feature}"
    if find_spec(module) is None:
        raise ConfigError(
            f"Configuration error:\n  model.artifact.uri: {scheme}: needs "
            f"{BACKENDS.get(feature, f'the feature {feature}')} of the template"
        )
    source: Source = cast("Any", import_own(module))
    return source


def provide(
    settings: ArtifactSettings,
    suffixes: Collection[str] = (),
    project: Path = PROJECT_DIR,
    data_suffixes: Collection[str] = (),
) -> Artifact:
    """Return the artifact that is configured, once its bytes are verified.

    Args:
        settings: With a URI.
        suffixes: Of which a file has one, such as `.onnx`; none if any will do.
        project: The folder that a path is relative to.
        data_suffixes: Of pickles that are read without running their code.

    Raises:
        ConfigError: There is no such artifact, it is not the one that is pinned, or it must not be
            loaded.
        UnavailableError: Its source does not respond.
    """

    def inspect(path: Path, root: Path | None = None) -> str:
        return _inspect(path, root or root_of(path), settings, suffixes, data_suffixes)

    with explained(f"model.artifact.uri: {settings.uri}"):
        if settings.is_remote:
            cache = Cache(settings, project, inspect)
            return Artifact(*(cache.find() or cache.fetch(source_of(settings.uri or ""))))
        path, root = locate(settings.uri or "", project)
        actual = inspect(path, root)
        if settings.sha256 not in {None, actual}:
            raise wrong_checksum(settings, actual)
        return Artifact(path, actual)


def local_path(uri: str, project: Path) -> Path:
    """Return the path that a URI names, unless it is an address."""
    is_file = scheme_of(uri) == "file"
    return Path(url2pathname(urlsplit(uri).path)) if is_file else project / uri


def locate(uri: str, project: Path) -> tuple[Path, Path]:
    """Return a local path, and the folder that links in it must not leave."""
    path = local_path(uri, project)
    if scheme_of(uri) == "file":
        return path, root_of(path)
    if Path(uri).is_absolute() or ".." in Path(uri).parts:
        expected = "must be below the project's folder and relative to it; or write file:/…"
        raise ConfigError(f"model.artifact.uri: {uri}: {expected}")
    if not path.exists() and (project / EXAMPLE_SCRIPT).is_file():
        advice = f"if it is the example's, make it: python {EXAMPLE_SCRIPT}"
        raise ConfigError(f"model.artifact.uri: there is no {uri}; {advice}")
    return path, project.resolve()


def _inspect(
    path: Path,
    root: Path,
    settings: ArtifactSettings,
    suffixes: Collection[str],
    data_suffixes: Collection[str],
) -> str:
    """Check the files of an artifact, and return its checksum."""
    files = list_files(path, root)
    if suffixes and "" in files and path.suffix.lower() not in suffixes:
        expected = " or ".join(sorted(suffixes))
        raise ConfigError(f"model.artifact.uri: {settings.uri}: must end with {expected}")
    if (size := sum(map(size_of, files.values()))) > settings.max_bytes:
        raise ConfigError(
            f"model.artifact.max_bytes: {settings.uri} has {size} bytes, decompressed; at most "
            f"{settings.max_bytes} are allowed"
        )
    pickles = [
        name or path.name
        for name, file in files.items()
        if is_pickle(file) and file.suffix.lower() not in data_suffixes
    ]
    if pickles and not settings.allow_pickle:
        raise ConfigError(
            f"model.artifact.allow_pickle: {settings.uri}: loading {min(pickles)} runs code that "
            "is in it; if you trust who made it, set this, and sha256"
        )
    return digest(files)
