"""Loading the configuration: four layers, later wins.

Code defaults < `configs/config.yaml` < `.env` < environment variables (< arguments).
"""

import logging
import os
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import DotEnvSettingsSource, EnvSettingsSource

from ..config.settings import Settings
from ..utils.helpers import Names, load_yaml_config, merge, yaml_positions
from .errors import ConfigError
from .metadata import PROJECT_DIR

logger = logging.getLogger(__name__)


def load_config(project_dir: Path = PROJECT_DIR, **arguments: Any) -> Settings:
    """Load the settings from all layers.

    Raises:
        ConfigError: A value is wrong; the message names the setting, where the value comes from
            and what was expected. It never shows the value, which may be a secret.
    """
    places: dict[Names, str] = {}
    try:
        yaml_file = _yaml_file(project_dir)
        values = load_yaml_config(yaml_file, strict=True)
        places |= {names: f"{yaml_file}:{at}" for names, at in yaml_positions(yaml_file).items()}
        for source, layer in (
            (".env", _DotEnv(Settings, env_file=project_dir / ".env")()),
            ("environment", _Environment(Settings)()),
            ("argument", arguments),
        ):
            values = merge(values, layer)
            places |= {names: f"{source} {'__'.join(names).upper()}" for names in _flat(layer)}
        return Settings(**values)
    except ValidationError as exc:
        problems = [_explain(error, places) for error in exc.errors(include_input=False)]
        raise ConfigError("\n  ".join(["Configuration error:", *problems])) from exc
    except ValueError as exc:
        raise ConfigError(f"Configuration error:\n  {exc}") from exc


def warn_about_ignored_variables(project_dir: Path = PROJECT_DIR) -> None:
    """Log a warning for each variable that looks like a setting but is none."""
    known = {name.upper(): _section(field) for name, field in Settings.model_fields.items()}
    in_file = {name.upper() for name in _read_env_file(project_dir)}
    for name in sorted(in_file | set(os.environ)):
        if known.get(name):
            logger.warning("Ignored %s: set its fields one by one, as in %s__NAME", name, name)
    for name in sorted(in_file - {*known, "CONFIG_PATH"}):
        if "__" not in name and (near := get_close_matches(name, known, n=1, cutoff=0.8)):
            logger.warning("Ignored %s in .env: did you mean %s?", name, near[0])


def _yaml_file(project_dir: Path) -> Path:
    """Find the YAML file; `CONFIG_PATH` names another one, relative to the place that sets it."""
    in_environment, in_file = os.environ.get("CONFIG_PATH"), _read_env_file(project_dir)
    named = in_environment or in_file.get("CONFIG_PATH")
    path = (Path() if in_environment else project_dir) / (named or "configs/config.yaml")
    if named and not path.is_file():
        raise ValueError(f"CONFIG_PATH: there is no file {path}")
    return path


def _read_env_file(project_dir: Path) -> dict[str, str | None]:
    return dotenv_values(project_dir / ".env")


def _flat(values: dict[str, Any], parents: Names = ()) -> Iterator[Names]:
    for name, value in values.items():
        yield (*parents, name)
        yield from _flat(value, (*parents, name)) if isinstance(value, dict) else ()


def _explain(error: Any, places: dict[Names, str]) -> str:
    """Say where a value stands and what was expected; of an unknown name, the nearest known."""
    names = tuple(map(str, error["loc"]))
    found = (places[names[:n]] for n in range(len(names), 0, -1) if names[:n] in places)
    expected = error["msg"].removeprefix("Value error, ")
    section = _section(Settings.model_fields[names[0]]) if len(names) > 1 else Settings
    if error["type"] == "extra_forbidden":
        near = get_close_matches(names[-1], section.model_fields, n=1, cutoff=0)
        expected = f"no such setting; did you mean {near[0]}?"
    if error["type"] == "string_pattern_mismatch":
        expected = f"not of the right form: {section.model_fields[names[-1]].description}"
    return f"{next(found, 'default')}: {'.'.join(names)}: {expected}"


def _section(field: FieldInfo) -> Any:
    """Give the class of a nested section, None for a plain setting."""
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


class _FieldsOnly:
    """Leaves a bare `MODEL=…` alone, which may be another program's."""

    def prepare_field_value(self, name: str, field: FieldInfo, value: Any, is_complex: bool) -> Any:
        own = None if _section(field) else value
        return super().prepare_field_value(name, field, own, is_complex)  # type: ignore[misc]


class _Environment(_FieldsOnly, EnvSettingsSource): ...


class _DotEnv(_FieldsOnly, DotEnvSettingsSource): ...
