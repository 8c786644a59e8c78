"""The card of an artifact: version, data, metrics."""

import json
import logging
import os
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError

from ...config.artifact import SHA256, ArtifactSettings
from ...config.values import VERSION
from ...utils.helpers import load_yaml_config, yaml_positions
from ..config_errors import config_error
from ..errors import ConfigError
from ..metadata import PROJECT_DIR
from .resolve import local_path

logger = logging.getLogger(__name__)

ENDING = ".card.yaml"


class Card(BaseModel):
    """A YAML file, by default beside the artifact: `artifacts/price.card.yaml` for `price.onnx`.

    Any other keys are shown as they are.
    """

    # A metric may be undefined, as with one class in the test data. That need not end the start,
    # but null, which JSON has for it, would hide it: "NaN" shows it.
    model_config = ConfigDict(
        extra="allow", frozen=True, use_attribute_docstrings=True, ser_json_inf_nan="strings"
    )

    version: str = Field(pattern=VERSION)
    """Version of the model: letters, digits and `._+-`, in quotes."""
    sha256: str | None = Field(default=None, pattern=SHA256)
    """Checksum of the artifact, 64 lower-case hexadecimal digits."""
    made_with: dict[str, str] = {}
    """Versions of the packages that made it, by name."""
    data: str | None = None
    """Data that it was trained on."""
    metrics: dict[str, float] = {}
    """Quality, by the name of each metric."""
    license: str | None = None
    """License under which it may be used, such as `MIT`."""
    limits: str | None = None
    """Known limitations."""
    _path: Path = PrivateAttr(Path())

    def check(self, sha256: str) -> None:
        """Check that the card is that of an artifact with this checksum.

        Raises:
            ConfigError: It has another one.
        """
        if self.sha256 not in {None, sha256}:
            raise ConfigError(
                f"{self._path}: sha256: is of another artifact; this one has {sha256}: make the "
                "card again"
            )


def read_card(settings: ArtifactSettings, project: Path = PROJECT_DIR) -> Card | None:
    """Return the card that is configured, or is beside a local artifact; None if there is none.

    Raises:
        ConfigError: It does not exist, or a value in it is wrong; the message names file and line.
    """
    path, places = None, {}
    try:
        if (path := _find(settings, project)) is None:
            return None
        values, at = load_yaml_config(path, strict=True), yaml_positions(path)
        places = {tuple(map(str.lower, names)): f"{path}:{at[names]}" for names in at}
        if "version" not in values:
            raise ValueError(f"{path}:1:1: version: must be set")  # noqa: TRY301  (as the others)
        card = Card.model_validate(values)
        card._path = path  # noqa: SLF001
        describe(card)
    except ValidationError as exc:
        raise config_error(exc, places, Card) from exc
    except (ValueError, OSError) as exc:
        place = "" if path is None or f"{path}" in f"{exc}" else f"{path}: "
        raise ConfigError(f"Configuration error:\n  {place}{exc}") from exc
    return card


def _find(settings: ArtifactSettings, project: Path) -> Path | None:
    if settings.card:
        path = local_path(settings.card, project)
        if not path.is_file():
            raise ValueError(f"model.artifact.card: {path} is not a file")
        return path
    if settings.uri is None or settings.is_remote:
        return None
    path = default_path(settings.uri, project)
    return path if os.path.lexists(path) else None


def default_path(uri: str, project: Path = PROJECT_DIR) -> Path:
    """Return where the card of a local artifact is, unless a setting names it."""
    artifact = local_path(uri, project)
    return artifact.with_name((artifact.name if artifact.is_dir() else artifact.stem) + ENDING)


def describe(card: Card) -> dict[str, Any]:
    """Return the content of the card, as JSON.

    Raises:
        ValueError: It has a value that JSON cannot represent.
    """
    shown: dict[str, Any] = json.loads(card.model_dump_json(exclude_defaults=True))
    return shown


def check_framework(card: Card, package: str) -> None:
    """Check that a package has the major and minor version that made the artifact, if known.

    Raises:
        ConfigError: It has another one.
    """
    made_with = card.made_with.get(package, "")
    installed = version(package) if made_with else ""
    if made_with.split(".")[:2] != installed.split(".")[:2]:
        raise ConfigError(
            f"{card._path}: made_with: {package} {made_with}, but {installed} is installed: make "  # noqa: SLF001
            f"the artifact again, or install {package}=={made_with.partition('+')[0]}"
        )


def warn_about_versions(card: Card) -> None:
    """Log a warning for each package whose installed version is not the one of the card."""
    for package, made_with in card.made_with.items():
        try:
            installed = version(package)
        except (PackageNotFoundError, ValueError):
            continue  # a tool that only training needs, or no name
        if installed.partition("+")[0] != made_with.partition("+")[0]:  # 2.13.0+cpu
            logger.warning(
                "The artifact was made with %s %s, %s is installed", package, made_with, installed
            )
