"""Tensors of a declared type: what they are called, what they hold, what shape they have.

A `str` is `BYTES []`, a `list[float]` is `FP32 [-1]`, a class with fields is a tensor for each of
them. What has no such form travels as JSON texts in `BYTES`.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from ..core.errors import ConfigError
from .tensor_data import FAMILIES

DATATYPES = {"string": "BYTES", "number": "FP32", "integer": "INT64", "boolean": "BOOL"}
FORM = {"$ref", "type", "datatype", "format", "items", "minItems", "maxItems", "prefixItems"}
VARIABLE = -1  # a dimension of any size
MOST_DIMENSIONS = 8  # a type may contain itself

Schema = Mapping[str, Any]


class TensorSpec(NamedTuple):
    """A tensor that holds one value, or one field of a value."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    """Of one value; a tensor of several has one dimension more, the first."""
    is_json: bool = False
    """Whether its elements are JSON texts, because the type has no other form."""
    is_raw: bool = False
    """Whether its elements are bytes, not text."""
    is_required: bool = True


class TensorForm(NamedTuple):
    """The tensors that values of one type travel as."""

    specs: tuple[TensorSpec, ...]
    has_fields: bool
    """Whether each tensor is a field of the value; else the only one is the value."""


def describe_type(kind: Any, name: str, mode: JsonSchemaMode = "validation") -> TensorForm:
    """Give the tensors for a type that Pydantic can validate.

    Args:
        kind: The type.
        name: What the tensor is called where the type has no fields that name them.
        mode: `serialization` for what goes out, where every field is there.

    Raises:
        ConfigError: A datatype is declared that the protocol does not have.
    """
    whole = TypeAdapter(kind).json_schema(mode=mode)
    definitions = whole.get("$defs", {})
    schema = _resolved(whole, definitions)
    fields = schema.get("properties", {})
    if schema.get("type") != "object" or not fields:
        return TensorForm((_describe(name, schema, definitions),), has_fields=False)
    # What goes out has its fields, also those that may be left out of what comes in.
    required = fields if mode == "serialization" else schema.get("required", ())
    specs = [_describe(key, field, definitions, key in required) for key, field in fields.items()]
    return TensorForm(tuple(specs), has_fields=True)


def _describe(
    name: str, schema: Schema, definitions: Schema, is_required: bool = True
) -> TensorSpec:
    if not is_required:  # it can be left out, so a tensor need not tell None
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
        raise ConfigError(f"The tensor {name} has a datatype that is none: {datatype}")
    is_raw = schema.get("format") == "binary"
    return TensorSpec(name, datatype, tuple(shape), is_raw=is_raw, is_required=is_required)


def _unwrap(array: Schema) -> tuple[int, Schema]:
    """Give the size of an array, and the schema of its items; an empty one where they differ."""
    least, most = array.get("minItems"), array.get("maxItems")
    items = array.get("prefixItems") or [array.get("items") or {}]
    forms = [{key: value for key, value in item.items() if key in FORM} for item in items]
    alike = forms.count(forms[0]) == len(forms)
    return (most if least == most and most else VARIABLE), (items[0] if alike else {})


def _resolved(schema: Schema, definitions: Schema) -> Schema:
    while "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    return schema
