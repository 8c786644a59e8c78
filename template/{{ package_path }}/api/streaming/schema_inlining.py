"""JSON schemas without references, valid anywhere in an OpenAPI document."""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode


def inlined(kind: Any, mode: JsonSchemaMode = "validation") -> dict[str, Any]:
    """Return the JSON schema of a type without references; a recursion becomes `{}`."""
    whole = TypeAdapter(kind).json_schema(mode=mode)
    definitions = whole.pop("$defs", {})
    return dict(_resolve(whole, definitions, ()))


def _resolve(part: Any, definitions: Mapping[str, Any], within: tuple[str, ...]) -> Any:
    if isinstance(part, list):
        return [_resolve(item, definitions, within) for item in part]
    if not isinstance(part, dict):
        return part
    resolved = {
        key: value if key in {"default", "examples"} else _resolve(value, definitions, within)
        for key, value in part.items()
        if key not in {"$ref", "discriminator"}
    }
    if not isinstance(reference := part.get("$ref"), str):
        return resolved
    name = reference.removeprefix("#/$defs/").replace("~1", "/").replace("~0", "~")
    if name in within:
        return resolved
    return {**_resolve(definitions[name], definitions, (*within, name)), **resolved}
