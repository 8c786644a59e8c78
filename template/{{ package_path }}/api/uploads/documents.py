"""Media types of `/predict` in OpenAPI, and so in `/docs`."""

from typing import Any

from ..errors import responses
from .media_types import FORM, DeclaredTypes

BINARY = {"type": "string", "format": "binary"}


def document(route: Any, types: DeclaredTypes) -> None:
    """Add the media types of a model to the OpenAPI of its route."""
    extra = route.openapi_extra
    if types.inputs:
        content = extra["requestBody"].setdefault("content", {})
        content |= {kind: {"schema": BINARY} for kind in types.inputs}
        content[FORM] = {"schema": _form(), "encoding": {"file": _encoding(types)}}
        route.responses |= responses(400)
    if types.output:
        schema = {"content": {types.output: {"schema": BINARY}}}
        extra.setdefault("responses", {})["200"] = schema


def _form() -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"file": BINARY},
        "required": ["file"],
        "additionalProperties": False,
    }


def _encoding(types: DeclaredTypes) -> dict[str, str]:
    return {"contentType": ", ".join(types.inputs)}
