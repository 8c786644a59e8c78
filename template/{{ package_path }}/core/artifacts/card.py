"""The card of an artifact: what whoever made it says about it. `make card` prints it."""

import json
import logging
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ...config.artifact import ArtifactSettings
from ...utils.helpers import load_yaml_config, yaml_positions
from ..config import load_config
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

    model_config = ConfigDict(extra="allow", frozen=True, use_attribute_docstrings=True)

    version: str = Field(pattern=r"^[A-Za-z0-9_+-][A-Za-z0-9._+-]{0,63}$")
    """Version of the model, unless `model.version` is set; quoted, because 1.10 is a number."""
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    """Checksum of the artifact; the card of another one ends the start."""
    made_with: dict[str, str] = {}
    """Versions of the packages that made it, by name."""
    data: str | None = None
    """Data that it was trained on."""
    metrics: dict[str, float] = {}
    """Quality, by the name of each metric."""
    license: str | None = None
    """License under which it may be used, such as `MIT`."""
    limits: str | None = None
    """Purposes that it does not serve, or serves badly."""


def read_card(settings: ArtifactSettings, project: Path = PROJECT_DIR) -> Card | None:
    """Return the card that is configured, or is beside a local artifact; None if there is none.

    Raises:
        ConfigError: It does not exist, or a value in it is wrong; the message names file and line.
    """
    path = _find(settings, project)
    if path is None:
        return None
    places = {}
    try:
        values, at = load_yaml_config(path, strict=True), yaml_positions(path)
        places = {tuple(map(str.lower, names)): f"{path}:{at[names]}" for names in at}
        if "version" not in values:
            raise ValueError(f"{path}:1:1: version: must be set")  # noqa: TRY301  (as the others)
        card = Card.model_validate(values)
        describe(card)
    except ValidationError as exc:
        raise config_error(exc, places, Card) from exc
    except (ValueError, OSError) as exc:
        place = "" if f"{path}" in f"{exc}" else f"{path}: "
        raise ConfigError(f"Configuration error:\n  {place}{exc}") from exc
    return card


def _find(settings: ArtifactSettings, project: Path) -> Path | None:
    if settings.card:
        path = project / settings.card
        if not path.is_file():
            raise ConfigError(f"Configuration error:\n  model.artifact.card: there is no {path}")
        return path
    if settings.uri is None or settings.is_remote:
        return None
    path = local_path(settings.uri, project).with_suffix(ENDING)
    return path if path.is_file() else None


def describe(card: Card) -> dict[str, Any]:
    """Return what the card says, as JSON.

    Raises:
        ValueError: It has a value that JSON cannot represent.
    """
    shown: dict[str, Any] = json.loads(card.model_dump_json(exclude_defaults=True))
    return shown


def warn_about_versions(card: Card) -> None:
    """Log a warning for each package whose installed version is not the one of the card."""
    for package, made_with in card.made_with.items():
        try:
            installed = version(package)
        except PackageNotFoundError:
            continue  # a tool that only training needs
        if installed != made_with:
            logger.warning(
                "The artifact was made with %s %s, %s is installed", package, made_with, installed
            )


def as_table(card: Card) -> str:
    """Return the card as a table in Markdown."""
    rows = ["| | |", "| --- | --- |"]
    for name, value in describe(card).items():
        inner = value if isinstance(value, dict) else {"": value}
        title = name.replace("_", " ").capitalize()
        rows += [f"| {_cell(f'{title} {key}')} | {_cell(inner[key])} |" for key in inner]
    return "\n".join(rows)


def _cell(value: object) -> str:
    return " ".join(str(value).split()).replace("|", "\\|")


def main() -> int:
    """Print the card of the configured artifact, and return the exit code."""
    try:
        artifact = load_config().model.artifact
        card = read_card(artifact)
        if card is None:
            name = f"*{ENDING} beside {artifact.uri}" if artifact.uri else "model.artifact.uri"
            raise ConfigError(f"There is no card: no model.artifact.card, and no {name}")  # noqa: TRY301
    except ConfigError as exc:
        print(exc, file=sys.stderr)  # noqa: T201
        return exc.exit_code
    print(as_table(card))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
