"""Versions of packages: those that a model was logged with, and those that are installed."""

import logging
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ...core.errors import ConfigError
from .logged_model import LoggedModel

logger = logging.getLogger(__name__)

# Packages of flavours that have another name.
PACKAGES = {"paddle": "paddlepaddle", "pytorch": "torch", "sklearn": "scikit-learn"}
ALIKE = {"mlflow": "mlflow-skinny"}


def check_requirements(logged: LoggedModel) -> None:
    """Check the versions that `requirements.txt` asks for; log one warning for those that differ.

    Raises:
        ConfigError: The framework of the model is missing, or has another major or minor version.
    """
    frameworks = {PACKAGES.get(flavor, flavor) for flavor in logged.flavors}
    different = []
    for name, specifier in _read(logged):
        installed = _installed(name)
        if installed and specifier.contains(installed, prereleases=True):
            continue
        if name in frameworks and not _has_same_minor(installed, specifier):
            has = f"{installed} is installed" if installed else "it is not installed"
            raise ConfigError(
                f"{logged.folder} was logged with {name}{specifier}, but {has}: log it again, or "
                "install what it was logged with"
            )
        different.append(f"{name}{specifier} ({installed or 'not'} installed)")
    if different:
        logger.warning("The model was logged with other packages: %s", ", ".join(different))


def _read(logged: LoggedModel) -> Iterator[tuple[str, Any]]:
    """Yield names and versions of the packages that the folder requires here."""
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    file = logged.folder / "requirements.txt"
    for line in file.read_text("utf-8").splitlines() if file.is_file() else ():
        try:
            requirement = Requirement(line.partition(" #")[0])
        except InvalidRequirement:
            continue  # an option of pip, a comment, nothing
        if requirement.marker is None or requirement.marker.evaluate():
            yield canonicalize_name(requirement.name), requirement.specifier


def _installed(name: str) -> str:
    for each in (name, ALIKE.get(name, name)):
        try:
            return version(each)
        except PackageNotFoundError:
            continue
    return ""


def _has_same_minor(installed: str, specifier: Any) -> bool:
    exact = [each.version for each in specifier if each.operator in {"==", "==="}]
    return all(each.split(".")[:2] == installed.split(".")[:2] for each in exact or [""])
