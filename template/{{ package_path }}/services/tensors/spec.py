"""Tensors of a declared type: names, datatypes and shapes.

A `str` is `BYTES []`, a `list[float]` is `FP32 [-1]`, a class with fields is a tensor for each of
them. Other types are sent as JSON texts in `BYTES`.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from ...core.errors import ConfigError
from ...models.json_types import json_type
from .elements import FAMILIES

DATATYPES = {"string": "BYTES", "number": "FP32", "integer": "INT64", "boolean": "BOOL"}
FORM = {"$ref", "type", "datatype", "format", "items", "minItems", "maxItems", "prefixItems"}
VARIABLE = -1  # a dimension of any size
MOST_DIMENSIONS = 8  # a type may be recursive

Schema = Mapping[str, Any]


class TensorSpec(NamedTuple):
    """A tensor that holds one value, or one field of a value."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    """Shape of one value; a tensor of several values has another dimension before it."""
    is_json: bool = False
    """Whether its elements are JSON texts, because the type has no datatype."""
    is_raw: bool = False
    """Whether its elements are bytes instead of text; in JSON they are base64."""
    is_required: bool = True


class TensorForm(NamedTuple):
    """The tensors of a type."""

    specs: tuple[TensorSpec, ...]
    has_fields: bool
    """Whether each tensor is a field of the value; otherwise there is one, the value itself."""


def describe_type(kind: Any, name: str, mode: JsonSchemaMode = "validation") -> TensorForm:
    """Return the tensors of a type that Pydantic can validate.

    Args:
        kind: The type.
        name: Name of the tensor if the type has no fields.
        mode: `serialization` for outputs, in which all fields are present.

    Raises:
        ConfigError: A declared datatype is not one of the protocol.
    """
    whole = TypeAdapter(json_type(kind, mode)).json_schema(mode=mode)
    definitions = whole.get("$defs", {})
    schema = _resolved(whole, definitions)
    fields = schema.get("properties", {})
    if schema.get("type") != "object" or not fields:
        return TensorForm((_describe(name, schema, definitions),), has_fields=False)
    # An output has all fields, also those that are optional in an input.
    required = fields if mode == "serialization" else schema.get("required", ())
    specs = [_describe(key, field, definitions, key in required) for key, field in fields.items()]
    return TensorForm(tuple(specs), has_fields=True)


def _describe(
    name: str, schema: Schema, definitions: Schema, is_required: bool = True
) -> TensorSpec:
    if not is_required:  # it can be left out, so a tensor need not represent None
        options = [o for o in schema.get("anyOf", ()) if o.get("type") != "null"]
        schema = options[0] if len(options) == 1 else schema
    shape: list[int] = []
    schema = _resolved(schema, definitions)
    while schema.get("type") == "array" and len(shape) < MOST_DIMENSIONS:
        size, schema = _unwrap(schema)
        shape.append(size)
        schema = _resolved(schema, definitions)
    datatype = schema.get("datatype") or DATATYPES.get(str(schema.get("type")))
    if datatype is None:
        return TensorSpec(name, "BYTES", (), is_json=True, is_required=is_required)
    if datatype not in FAMILIES:
        raise ConfigError(f"The tensor {name} has an unknown datatype: {datatype}")
    is_raw = schema.get("contentEncoding") == "base64"
    return TensorSpec(name, datatype, tuple(shape), is_raw=is_raw, is_required=is_required)


def _unwrap(array: Schema) -> tuple[int, Schema]:
    """Return the size of an array, and the schema of its items; an empty one if they differ."""
    least, most = array.get("minItems"), array.get("maxItems")
    items = array.get("prefixItems") or [array.get("items") or {}]
    forms = [{key: value for key, value in item.items() if key in FORM} for item in items]
    alike = forms.count(forms[0]) == len(forms)
    return (most if least == most and most else VARIABLE), (items[0] if alike else {})


def _resolved(schema: Schema, definitions: Schema) -> Schema:
    while "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    return schema
