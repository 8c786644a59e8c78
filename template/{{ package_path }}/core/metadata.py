"""The project's own folder, and its name, version and description."""

import tomllib
from importlib.metadata import metadata, packages_distributions
from pathlib import Path
from typing import NamedTuple

_PACKAGE = __name__.partition(".")[0]
# The package is `src` or `src/<package>`, so the project is one or two folders above it.
_PYPROJECT = next(
    (f for d in Path(__file__).resolve().parents[2:4] if (f := d / "pyproject.toml").is_file()),
    None,
)
# A service that runs from a wheel has no such file; then it is the working directory.
PROJECT_DIR = _PYPROJECT.parent if _PYPROJECT else Path.cwd()


class Metadata(NamedTuple):
    """Metadata from `pyproject.toml`."""

    name: str
    version: str
    description: str


def read_metadata() -> Metadata:
    """Return the metadata from `pyproject.toml`, or from the installed wheel."""
    if _PYPROJECT:
        project = tomllib.loads(_PYPROJECT.read_text("utf-8"))["project"]
        return Metadata(project["name"], project["version"], project["description"])
    wheel = metadata(packages_distributions()[_PACKAGE][0])
    return Metadata(wheel["Name"], wheel["Version"], wheel["Summary"])
