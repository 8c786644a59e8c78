"""Pure helpers; they import nothing from the rest of the service."""

import logging
import re
from collections.abc import Callable
from math import isfinite
from pathlib import Path
from typing import Any

import yaml
from pydantic_core import (
    PydanticSerializationError,
    SchemaSerializer,
    core_schema,
    from_json,
    to_json,
)

logger = logging.getLogger(__name__)

Names = tuple[str, ...]
MAX_ERRORS = 100  # that one validation lists; each of 100 000 would take a second
ARRAYS = {"list", "tuple", "set", "frozenset"}  # types of core schemas, as Pydantic calls them
LEAVES = {"metadata", "default", "expected"}  # parts of a core schema that hold no schemas

_AS_PLAIN_PYTHON = SchemaSerializer(core_schema.any_schema()).to_python


def load_yaml_config(path: Path | str, *, strict: bool = False) -> dict[str, Any]:
    """Read a YAML file of settings; return `{}` for a missing or empty file.

    An invalid file is logged and returns `{}` too, unless `strict` is set.

    Raises:
        ValueError: With `strict`, the file is invalid: `file:line:column: message`.
    """
    try:
        values = yaml.load(_read(path), Loader=_UniqueKeys)  # noqa: S506  (a SafeLoader)
    except (yaml.YAMLError, OSError, ValueError, RecursionError) as exc:
        what = getattr(exc, "problem", None) or getattr(exc, "reason", None) or exc
        problem = f"{path}:{_place(path, exc)}: {what}"
    else:
        if values is None or isinstance(values, dict):
            return {str(name): value for name, value in (values or {}).items()}
        problem = f"{path}:1:1: expected `name: value` lines"
    if strict:
        raise ValueError(problem)
    logger.error("Ignored a configuration file: %s", problem)
    return {}


def yaml_positions(path: Path | str) -> dict[Names, str]:
    """Return line and column of each key of a valid YAML file: `("model", "name")` → `7:3`."""
    positions: dict[Names, str] = {}
    visited: set[yaml.Node] = set()  # aliases may form cycles, or repeat a node a million times

    def visit(node: yaml.Node | None, parents: Names) -> None:
        if not isinstance(node, yaml.MappingNode) or node in visited:
            return
        visited.add(node)
        for key, value in node.value:
            names = (*parents, str(key.value))
            positions[names] = f"{key.start_mark.line + 1}:{key.start_mark.column + 1}"
            visit(value, names)

    visit(yaml.compose(_read(path), Loader=yaml.SafeLoader), ())
    return positions


def check_json(value: Any, dump: Callable[[Any], Any] = _AS_PLAIN_PYTHON) -> None:
    """Raise ValueError for values that JSON cannot represent: NaN, infinity, lone surrogates."""
    if type(value) is list and {*map(type, value)} == {float} and all(map(isfinite, value)):
        return  # do not serialize a million numbers
    try:
        text = to_json(_AS_PLAIN_PYTHON(value))  # classes would render NaN as null
    except PydanticSerializationError:  # only the declared type can serialize it
        text = to_json(dump(value), bytes_mode="base64")
    if b"NaN" in text or b"Infinity" in text:
        from_json(text, allow_inf_nan=False)  # they may be in a string


def stop_early(schema: Any) -> Any:
    """Return a core schema whose arrays stop at their first error: each costs 200 bytes."""
    if isinstance(schema, list | tuple):
        return type(schema)(map(stop_early, schema))
    if not isinstance(schema, dict):
        return schema
    stopping = {"fail_fast": True} if schema.get("type") in ARRAYS else {}
    inner = {key: value if key in LEAVES else stop_early(value) for key, value in schema.items()}
    return {**inner, **stopping}


def merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Return a nested mapping updated with another; neither is changed."""
    nested = {
        name: merge(base[name], value)
        for name, value in over.items()
        if isinstance(value, dict) and isinstance(base.get(name), dict)
    }
    return {**base, **over, **nested}


def _place(path: Path | str, exc: Exception) -> str:
    mark = getattr(exc, "problem_mark", None)
    before = _read(path)[: exc.position] if isinstance(exc, yaml.reader.ReaderError) else b""
    *lines, last = before.split(b"\n")
    return f"{mark.line + 1}:{mark.column + 1}" if mark else f"{len(lines) + 1}:{len(last) + 1}"


def _read(path: Path | str) -> bytes:
    return Path(path).read_bytes() if Path(path).exists() else b""


class _UniqueKeys(yaml.SafeLoader):
    """Reject duplicate keys, which YAML loaders accept silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        for index, (key, _) in enumerate(node.value):
            if key.value in keys[:index]:
                raise yaml.MarkedYAMLError(
                    problem=f"{key.value} is set twice", problem_mark=key.start_mark
                )
        return super().construct_mapping(node, deep)


def _number(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int | str:
    """Read `010` and `1:30` as text; YAML 1.1 reads them as 8 and 90."""
    odd = re.fullmatch(r"[-+]?0[0-7_]+|.*:.*", node.value)
    return str(node.value) if odd else loader.construct_yaml_int(node)


_UniqueKeys.add_constructor("tag:yaml.org,2002:int", _number)
