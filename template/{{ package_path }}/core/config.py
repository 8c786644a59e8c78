"""Loading the configuration: layers, later wins.

Code defaults < YAML < files of secrets < `.env` < environment variables (< arguments).
"""

import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from ..config.settings import Settings
from ..utils.helpers import Names, load_yaml_config, merge, yaml_positions
from .config_errors import Places, config_error
from .errors import ConfigError
from .metadata import PROJECT_DIR
from .variables import (
    VariablesSource,
    own_variables,
    read_env_file,
    read_secrets,
    section_of,
    variables_of,
)

logger = logging.getLogger(__name__)

FREE_NAMES = ("MODEL__OPTIONS__", "MODELS__")  # the names of their settings are the user's
Layer = tuple[dict[str, Any], Places]


def load_config(project_dir: Path = PROJECT_DIR, **arguments: Any) -> Settings:
    """Load the settings from all layers.

    Raises:
        ConfigError: A value is wrong; the message names the setting, the source of the value and
            what was expected. It never shows the value, which may be a secret.
    """
    values: dict[str, Any] = {"model": {"options": {}}}  # its places are its own
    places: Places = {}
    try:
        for layer, where in _layers(project_dir, arguments):
            values = merge(values, layer)
            places |= where
        settings = Settings(**values)
    except ValidationError as exc:
        raise config_error(exc, places) from exc
    except (ValueError, OSError) as exc:
        raise ConfigError(f"Configuration error:\n  {exc}") from exc
    settings.model.options._places.update(places)  # noqa: SLF001
    return settings


def read_options(settings: Settings, kind: type[BaseModel]) -> Any:
    """Return the section `model.options` as the class that a model declares.

    Raises:
        ConfigError: As in `load_config`.
    """
    options, where = settings.model.options, ("model", "options")
    places = options._places  # noqa: SLF001
    try:
        return kind.model_validate(normalize(options.model_extra or {}, places, kind, where))
    except ValidationError as exc:
        raise config_error(exc, places, kind, where) from exc


def warn_about_ignored_variables(project_dir: Path = PROJECT_DIR) -> None:
    """Log a warning for each variable that looks like a setting but is ignored."""
    in_file = {name.upper() for name in read_env_file(project_dir / ".env")[0]}
    for name in sorted(in_file | {name.upper() for name in os.environ}):
        if section_of(Settings.model_fields.get(name.lower())):
            logger.warning("Ignored %s: set its fields one by one, as in %s__NAME", name, name)
    known = {"CONFIG_PATH", "SECRETS_DIR", *variables_of(Settings)}
    for name in sorted(in_file - known):
        is_free = name.startswith(FREE_NAMES)
        if not is_free and (near := get_close_matches(name, known, n=1, cutoff=0.8)):
            logger.warning("Ignored %s in .env: did you mean %s?", name, near[0])


def _layers(project_dir: Path, arguments: dict[str, Any]) -> Iterator[Layer]:
    """Return the values of each layer, the weakest first, and the source of each name."""
    variables, lines = read_env_file(project_dir / ".env")
    in_file, outside = own_variables(variables, ".env"), own_variables(os.environ, "environment")
    yaml_file = _yaml_file(project_dir, in_file.get("config_path"), outside.get("config_path"))
    values, at = load_yaml_config(yaml_file, strict=True), yaml_positions(yaml_file)
    places = {tuple(map(str.lower, names)): f"{yaml_file}:{at[names]}" for names in at}
    yield normalize(values, places), places
    folder = outside.get("secrets_dir") or in_file.get("secrets_dir")
    secrets = own_variables(read_secrets(project_dir / folder), folder) if folder else {}
    yield VariablesSource(secrets)(), _places(secrets, folder or "")
    yield VariablesSource(in_file)(), _places(in_file, ".env", lines)
    yield VariablesSource(outside)(), _places(outside, "environment")
    yield arguments, _places(arguments, "argument")


def _yaml_file(project_dir: Path, in_file: str | None, outside: str | None) -> Path:
    """Return the YAML file; `CONFIG_PATH` names another one, relative to where it is set."""
    path = Path(outside) if outside else project_dir / (in_file or "configs/config.yaml")
    if (outside or in_file) and not path.is_file():
        raise ValueError(f"CONFIG_PATH: there is no file {path}")
    return path


def _places(names: Iterable[str], source: str, lines: Mapping[str, int] | None = None) -> Places:
    """Return the sources of variables, and of the sections around them."""
    places: Places = {}
    for name in names:
        at, parts = (lines or {}).get(name), tuple(name.split("__"))
        place = f"{source}:{at} {name.upper()}" if at else f"{source} {name.upper()}"
        if parts[0] in Settings.model_fields:
            places |= {parts[:n]: place for n in range(1, len(parts) + 1)}
    return places


def normalize(
    values: Mapping[str, Any],
    places: Places,
    section: type[BaseModel] = Settings,
    parents: Names = (),
) -> dict[str, Any]:
    """Return the values of a file by the names of the settings, whatever their case.

    Raises:
        ValueError: Two names are spellings of one setting.
    """
    normal: dict[str, Any] = {}
    declared = {name.lower(): name for name in section.model_fields}
    for key, value in zip(map(str, values), values.values(), strict=True):
        name = declared.get(key.lower(), key.lower())
        names, field = (*parents, name.lower()), section.model_fields.get(name)
        place, inner = places.get(names, "YAML"), section_of(field)
        if parents == ("models",) and key != name:
            raise ValueError(f"{place}: models.{key}: must be in lower case, {name}, as in URLs")
        if name in normal:
            raise ValueError(f"{place}: {key}: is set twice, in different spellings")
        if inner and not isinstance(value, dict | None):
            raise ValueError(f"{place}: {key}: must have its settings below it, indented")
        normal[name] = normalize(value or {}, places, inner, names) if inner else value
        if isinstance(value, bool) and field and field.annotation in (int, float):
            normal[name] = str(value)  # Pydantic would read a boolean as 0 or 1
    return normal
