"""Messages about wrong values: the setting, its source, what was expected, never the value."""

from datetime import date
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from ..config.settings import Settings
from ..utils.helpers import Names
from .errors import ConfigError
from .variables import section_of

Places = dict[Names, str]


def config_error(
    exc: ValidationError,
    places: Places,
    section: type[BaseModel] = Settings,
    parents: Names = (),
) -> ConfigError:
    """Return the error that explains all problems of a section, which is below `parents`."""
    problems = [explain(error, places, section, parents) for error in exc.errors()]
    return ConfigError("\n  ".join(["Configuration error:", *problems]))


def explain(error: Any, places: Places, section: type[BaseModel], parents: Names) -> str:
    """Return the source of a value and what was expected; for an unknown name, the nearest one."""
    section, field = _find(error["loc"], section)
    names = (*parents, *map(str, error["loc"]))
    keys = tuple(map(str.lower, names))
    found = (places[keys[:n]] for n in range(len(keys), 0, -1) if keys[:n] in places)
    kind, expected = error["type"], error["msg"].removeprefix("Value error, ")
    default = field.default if field else None
    if kind == "extra_forbidden":
        near = get_close_matches(names[-1], section.model_fields, n=1, cutoff=0)
        expected = "; ".join(["no such setting", *(f"did you mean {name}?" for name in near)])
    elif kind == "missing":
        expected = f"must be set, as in {'__'.join(names).upper()}=…"
    elif kind == "string_pattern_mismatch" and field and field.description:
        expected = f"invalid format: {field.description}"
    elif kind == "string_type" and isinstance(error["input"], int | float | date):
        expected += "; put it in quotes"
    elif kind.startswith(("int_", "float_", "bool_")) and isinstance(default, int | float):
        expected += f"; write it alone, such as {str(default).lower()}"
    return f"{next(found, 'default')}: {'.'.join(names)}: {expected}"


def _find(names: Names, section: type[BaseModel]) -> tuple[type[BaseModel], FieldInfo | None]:
    """Return the innermost section of a name, and its field or the field that contains it."""
    field = None
    for name in names:
        field = section.model_fields.get(name, field)
        section = section_of(field) or section
    return section, field
