"""Read settings from variables: from the environment, the file `.env`, and files of secrets."""

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from dotenv.parser import parse_stream
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_settings import EnvSettingsSource

from ..config.settings import Settings


def section_of(field: FieldInfo | None) -> type[BaseModel] | None:
    """Return the class of a nested section; None for a plain setting."""
    kind = field.annotation if field else None
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def variables_of(section: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Return the names of the variables of all settings of a section."""
    for name, field in section.model_fields.items():
        inner, variable = section_of(field), f"{prefix}{name.upper()}"
        yield from variables_of(inner, f"{variable}__") if inner else [variable]


def read_env_file(path: Path) -> tuple[dict[str, str | None], dict[str, int]]:
    """Return the variables of a file, and the line of each by its name in lower case.

    Raises:
        ValueError: The file cannot be read, or a line is not an assignment.
    """
    try:
        text = path.read_text("utf-8-sig") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as exc:
        raise ValueError(f"{path}: must be a text file in UTF-8: {exc}") from exc
    lines = {}
    for found in parse_stream(io.StringIO(text)):
        statement = found.original.string.lstrip()
        line = found.original.line + found.original.string.removesuffix(statement).count("\n")
        if found.error or "\0" in statement or (found.key and found.value is None):
            raise ValueError(f"{path}:{line}: must be NAME=value, a comment, or empty")
        lines[(found.key or "").lower()] = line
    return dotenv_values(stream=io.StringIO(text)), lines


def read_secrets(folder: Path) -> dict[str, str]:
    """Return the texts of files that have the names of settings, as Docker and Kubernetes mount.

    Raises:
        ValueError: There is no such folder, or a file cannot be read.
    """
    if not folder.is_dir():
        raise ValueError(f"SECRETS_DIR: there is no folder {folder}")
    secrets = {}
    for file in folder.iterdir():
        if file.name.lower().split("__")[0] in Settings.model_fields:
            try:
                secrets[file.name] = file.read_text("utf-8-sig").rstrip("\r\n")
            except (OSError, UnicodeDecodeError) as exc:
                raise ValueError(f"SECRETS_DIR: {file} must be a text in UTF-8: {exc}") from exc
    return secrets


def own_variables(variables: Mapping[str, str | None], source: str) -> dict[str, str]:
    """Return variables by their names in lower case.

    Leave out empty ones, and a bare `MODEL=…`, which may belong to another program.

    Raises:
        ValueError: Two variables are spellings of one setting.
    """
    own: dict[str, str] = {}
    for name, value in variables.items():
        lower = name.lower()
        if value and lower in own and lower.partition("__")[0] in Settings.model_fields:
            raise ValueError(f"{source} {name}: is set twice, in different spellings")
        if value and not section_of(Settings.model_fields.get(lower)):
            own[lower] = value
    return own


class VariablesSource(EnvSettingsSource):
    """Source of settings: variables whose names are in lower case."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        super().__init__(Settings)
        self.env_vars = variables

    def decode_complex_value(self, name: str, field: FieldInfo, value: Any) -> Any:
        """Decode JSON; leave other values to the validation, whose errors name the setting."""
        try:
            return super().decode_complex_value(name, field, value)
        except ValueError:
            return value
