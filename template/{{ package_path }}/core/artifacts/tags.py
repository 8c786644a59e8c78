"""Tags of artifacts without checksum, which change with their bytes, and versions of a registry."""

from pathlib import Path

import yaml

from ...config.artifact import ArtifactSettings
from ..metadata import PROJECT_DIR
from .files import explained, list_files
from .resolve import locate, source_of

REGISTERED = "registered_model_meta"  # a file that MLflow writes


def tag_of(settings: ArtifactSettings, project: Path = PROJECT_DIR) -> str:
    """Return a text that changes when an artifact without checksum may have other bytes.

    Raises:
        ConfigError: There is no such artifact.
        UnavailableError: Its source does not respond.
    """
    if settings.is_pinned:
        return ""
    with explained(f"model.artifact.uri: {settings.uri}"):
        if settings.is_remote:
            return source_of(settings.uri or "").tag(settings.uri or "")
        path, root = locate(settings.uri or "", project)
        stats = {name: file.stat() for name, file in list_files(path, root).items()}
        return repr([(name, s.st_size, s.st_mtime_ns, s.st_ino) for name, s in stats.items()])


def registered_version(artifact: Path) -> str | None:
    """Return the version that a registry has given to an artifact that comes from there."""
    file = artifact / REGISTERED
    told = yaml.safe_load(file.read_text("utf-8")) if file.is_file() else {}
    return str(told["model_version"]) if "model_version" in told else None
