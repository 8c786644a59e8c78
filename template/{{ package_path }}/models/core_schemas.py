"""Change Pydantic's core schemas where JSON or OpenAPI cannot represent them."""

from base64 import b64decode, b64encode
from operator import is_
from typing import Annotated, Any

from pydantic import EncodedBytes, SecretBytes, TypeAdapter, WithJsonSchema
from pydantic.types import Base64Encoder, Base64UrlEncoder
from pydantic_core import core_schema as cs

from ..utils.helpers import LEAVES

STANDARD = bytes.maketrans(b"-_", b"+/")
FUNCTIONS = {"function-plain", "function-wrap"}
DOCUMENTED = {"pydantic", "pydantic_core", "builtins", "functools"}  # modules


def as_json(schema: Any) -> Any:
    """Return a core schema, or a part of it, that JSON can represent; unchanged if it already can.

    Bytes become base64, unless a class or a type sets another encoding.
    """
    if isinstance(schema, list):
        items = [as_json(item) for item in schema]
        return schema if all(map(is_, items, schema)) else items
    if not isinstance(schema, dict) or _is_chosen(schema):
        return schema
    if schema.get("type") == "bytes":
        return _bytes_schema(schema)
    if isinstance(_function(schema), EncodedBytes):  # encoded in Python too, not only in JSON
        return _bytes_schema(schema["schema"])
    parts = {key: part if key in LEAVES else as_json(part) for key, part in schema.items()}
    for applies, metadata in DOCUMENTS:
        if applies(schema):
            parts["metadata"] = {**schema.get("metadata", {}), **metadata}
    return parts if any(parts[key] is not schema.get(key) for key in parts) else schema


def from_base64(text: bytes) -> bytes:
    """Decode base64 of either alphabet, with or without padding.

    Raises:
        ValueError: The text is not base64.
    """
    if b"-" in text or b"_" in text:
        text = text.translate(STANDARD)
    return b64decode(text + b"=" * (-len(text) % 4), validate=True)


def to_base64(content: bytes) -> str:
    """Encode bytes as base64 text."""
    return b64encode(content).decode()


def _is_chosen(schema: Any) -> bool:
    config, function = schema.get("config") or {}, _function(schema)
    if isinstance(function, EncodedBytes):
        return function.encoder not in {Base64Encoder, Base64UrlEncoder}
    return function is SecretBytes or not {"ser_json_bytes", "val_json_bytes"}.isdisjoint(config)


def _function(schema: Any) -> Any:
    """Return the function that a schema calls, or the object whose method it is."""
    function = schema.get("function")
    function = function.get("function") if isinstance(function, dict) else None
    return getattr(function, "__self__", function)


def _bytes_schema(schema: Any) -> Any:
    return cs.json_or_python_schema(
        cs.no_info_before_validator_function(decode, schema),
        schema,
        serialization=cs.plain_serializer_function_ser_schema(to_base64, when_used="json"),
        metadata=BASE64,
    )


def is_base64(schema: Any) -> bool:
    """Return whether a core schema, as `as_json` returned it, is that of bytes and nothing else."""
    return _function(schema.get("json_schema", {})) is decode


def decode(text: Any) -> bytes:
    """Return the bytes of base64 text.

    Raises:
        ValueError: It is not a text, or not base64.
    """
    try:
        return from_base64(text.encode())
    except (AttributeError, ValueError) as exc:
        raise ValueError("Input should be bytes as base64 text") from exc


def _has_untyped_serializer(schema: Any) -> bool:
    """Return whether a serializer without a return type writes it, so that its type is unknown."""
    written = schema.get("serialization") or {}
    module = str(getattr(written.get("function"), "__module__", "")).partition(".")[0]
    is_typed = "return_schema" in written or module in DOCUMENTED
    return written.get("type") in FUNCTIONS and not is_typed


def _has_tags_in_tags(schema: Any) -> bool:
    choices = schema["choices"].values() if schema.get("type") == "tagged-union" else ()
    return any(isinstance(choice, dict) and choice["type"] == "tagged-union" for choice in choices)


class _WithoutMapping:
    """Remove from a schema what OpenAPI does not allow: a mapping from tags to tags."""

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> Any:
        return {key: part for key, part in handler(schema).items() if key != "discriminator"}


def _metadata(annotation: Any) -> Any:
    return TypeAdapter(Annotated[Any, annotation]).core_schema["metadata"]


BASE64 = _metadata(WithJsonSchema({"type": "string", "contentEncoding": "base64"}))
DOCUMENTS = (
    (_has_tags_in_tags, _metadata(_WithoutMapping())),
    (_has_untyped_serializer, _metadata(WithJsonSchema({}, "serialization"))),
)
