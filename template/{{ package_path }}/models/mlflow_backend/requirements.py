"""Versions of packages: those that a model was logged with, and those that are installed."""

import logging
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from ...core.errors import ConfigError
from .logged_model import LoggedModel

logger = logging.getLogger(__name__)

# Packages of flavours that have another name.
PACKAGES = {"paddle": "paddlepaddle", "pytorch": "torch", "sklearn": "scikit-learn"}
ALIKE = {"mlflow": "mlflow-skinny"}


def check_requirements(logged: LoggedModel) -> None:
    """Check the versions that `requirements.txt` lists; log one warning for those that differ.

    Raises:
        ConfigError: The framework of the model is missing, or has another major or minor version.
    """
    frameworks = {PACKAGES.get(flavor, flavor) for flavor in logged.flavors}
    different = []
    for name, wanted in _read(logged):
        installed = _installed(name)
        if installed == wanted:
            continue
        if name in frameworks and _minor(installed) != _minor(wanted):
            has = f"{installed} is installed" if installed else "it is not installed"
            raise ConfigError(
                f"{logged.folder} was logged with {name} {wanted}, but {has}: log it again, or "
                f"install {name}=={wanted}"
            )
        different.append(f"{name} {wanted} ({installed or 'not'} installed)")
    if different:
        logger.warning("The model was logged with other packages: %s", ", ".join(different))


def _read(logged: LoggedModel) -> Iterator[tuple[str, str]]:
    """Yield the packages of the folder's requirements that have one exact version."""
    from packaging.requirements import InvalidRequirement, Requirement

    file = logged.folder / "requirements.txt"
    for line in file.read_text("utf-8").splitlines() if file.is_file() else ():
        try:
            requirement = Requirement(line.partition("#")[0].strip())
        except InvalidRequirement:
            continue  # an option of pip, an address, nothing
        exact = [each.version for each in requirement.specifier if each.operator in {"==", "==="}]
        if exact and (requirement.marker is None or requirement.marker.evaluate()):
            yield requirement.name.lower(), exact[0].partition("+")[0]  # 2.13.0+cpu


def _installed(name: str) -> str:
    for each in (name, ALIKE.get(name, name)):
        try:
            return version(each).partition("+")[0]
        except PackageNotFoundError:
            continue
    return ""


def _minor(version: str) -> list[str]:
    return version.split(".")[:2]
