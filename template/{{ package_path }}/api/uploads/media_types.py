"""Media types of inputs and outputs that are bytes, as a model declares them."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from ...core.errors import ConfigError
from ...models.base import Model

ANY_BYTES = "application/octet-stream"
FORM = "multipart/form-data"
JSON = "application/json"
NAME = r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}"  # RFC 6838
MEDIA_TYPE = re.compile(rf"{NAME}/{NAME}")
RANGE = re.compile(rf"{NAME}/({NAME}|\*)|\*/\*")
QUALITY = re.compile(r"(0(\.\d{0,3})?|1(\.0{0,3})?)")
MOST_RANGES = 64  # of an `Accept` header that are read


class DeclaredTypes(NamedTuple):
    """Media types of a model."""

    inputs: tuple[str, ...]
    """Of bodies that are the input, such as `image/png` or `image/*`; empty: it is not bytes."""
    output: str | None
    """Of a response that is the prediction; None: it is always JSON."""


def declared_types(model: Model) -> DeclaredTypes:
    """Return the media types that a model declares.

    Raises:
        ConfigError: One of them is invalid, or belongs to a type other than bytes.
    """
    inputs = getattr(model, "media_types", None)
    output = getattr(model, "output_media_type", None)
    signature = model.signature()
    if not is_bytes(signature.input, "validation"):
        _require(inputs is None, model, "media_types", "is for models whose input is bytes")
        inputs = ()
    elif inputs is None:
        inputs = (ANY_BYTES,)
    _require(_are_ranges(inputs), model, "media_types", 'must be like ("image/png", "audio/*")')
    reserved = 'cannot have JSON or forms: they are read as JSON {"input": …}, and as a file'
    _require(not any(map(_is_reserved, inputs)), model, "media_types", reserved)
    if output is not None:
        returns = is_bytes(signature.output, "serialization")
        _require(returns, model, "output_media_type", "is for models whose output is bytes")
        is_one = isinstance(output, str) and MEDIA_TYPE.fullmatch(output) and output != JSON
        _require(bool(is_one), model, "output_media_type", 'must be like "image/png"')
    return DeclaredTypes(tuple(inputs), output)


def is_bytes(kind: Any, mode: JsonSchemaMode) -> bool:
    """Return whether a declared type is bytes, which are base64 in JSON."""
    schema = TypeAdapter(kind).json_schema(mode=mode)
    return schema.get("type") == "string" and schema.get("contentEncoding") == "base64"


def matches(kind: str, ranges: Sequence[str]) -> bool:
    """Return whether a media type is in one of several ranges, such as `image/*`."""
    return bool(kind) and not {kind, f"{kind.partition('/')[0]}/*", "*/*"}.isdisjoint(ranges)


def prefers(accept: str, kind: str) -> bool:
    """Return whether an `Accept` header prefers a media type to JSON.

    The most specific range that matches decides (RFC 9110, 12.5.1). No preference means JSON.
    """
    qualities = dict(filter(None, map(_quality, accept.split(",", MOST_RANGES)[:MOST_RANGES])))

    def quality(of: str) -> float:
        ranges = (of, f"{of.partition('/')[0]}/*", "*/*")
        return next((qualities[each] for each in ranges if each in qualities), 0)

    return quality(kind) > quality(JSON)


def _quality(text: str) -> tuple[str, float] | None:
    """Return a range of an `Accept` header with its quality; None if it is malformed."""
    kind, *parameters = (part.strip().lower() for part in text.split(";"))
    values = [value for name, _, value in (p.partition("=") for p in parameters) if name == "q"]
    value = values[0] if values else "1"
    return (kind, float(value)) if QUALITY.fullmatch(value) else None


def _are_ranges(kinds: Any) -> bool:
    is_list = isinstance(kinds, tuple | list)
    return is_list and all(isinstance(kind, str) and RANGE.fullmatch(kind) for kind in kinds)


def _is_reserved(kind: str) -> bool:
    return kind.endswith(("/json", "+json")) or kind.startswith("multipart/")


def _require(is_valid: bool, model: Model, name: str, problem: str) -> None:
    if not is_valid:
        raise ConfigError(f"{type(model).__qualname__}.{name} {problem}")
