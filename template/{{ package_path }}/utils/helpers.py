"""Pure helpers; they import nothing from the rest of the service."""

import logging
from pathlib import Path
from typing import Any

import yaml
from pydantic_core import SchemaSerializer, core_schema, from_json, to_json

logger = logging.getLogger(__name__)

Names = tuple[str, ...]
ARRAYS = {"list", "tuple", "set", "frozenset"}  # types of core schemas, as Pydantic calls them

_AS_PLAIN_PYTHON = SchemaSerializer(core_schema.any_schema()).to_python


def load_yaml_config(path: Path | str, *, strict: bool = False) -> dict[str, Any]:
    """Read a YAML file of settings; a missing or empty file gives `{}`.

    So does a file that cannot be used, after a line in the log; `strict` raises instead.

    Raises:
        ValueError: In strict form, with `file:line:column: what is wrong`.
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
    """Say where each key of a readable YAML file stands: `("model", "name")` → `7:3`."""
    positions: dict[Names, str] = {}

    def visit(node: yaml.Node | None, parents: Names) -> None:
        for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
            names = (*parents, str(key.value))
            positions[names] = f"{key.start_mark.line + 1}:{key.start_mark.column + 1}"
            visit(value, names)

    visit(yaml.compose(_read(path), Loader=yaml.SafeLoader), ())
    return positions


def check_json(value: Any) -> None:
    """Raise a ValueError for what JSON cannot tell: NaN, infinity, half of a surrogate pair."""
    text = to_json(_AS_PLAIN_PYTHON(value))  # classes would render NaN as null
    if b"NaN" in text or b"Infinity" in text:
        from_json(text, allow_inf_nan=False)  # they may stand in a string


def fingerprint(value: Any) -> bytes:
    """Tell values apart, also those that Python takes for equal: 1, 1.0 and true."""
    return to_json(_AS_PLAIN_PYTHON(value), bytes_mode="base64")


def merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Lay one nested mapping over another; neither is changed."""
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
    """Refuses what plain YAML accepts silently: the same key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        for index, (key, _) in enumerate(node.value):
            if key.value in keys[:index]:
                raise yaml.MarkedYAMLError(
                    problem=f"{key.value} stands here twice", problem_mark=key.start_mark
                )
        return super().construct_mapping(node, deep)
