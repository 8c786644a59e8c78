"""JSON forms of the types that a model declares: those of Pydantic, but bytes are base64."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Annotated, Any

from pydantic import BaseModel, PydanticUserError, TypeAdapter
from pydantic.json_schema import JsonSchemaMode
from pydantic_core import SchemaSerializer, SchemaValidator, to_json, to_jsonable_python
from pydantic_core import core_schema as cs

from ..core.errors import ConfigError
from ..utils.helpers import check_json
from .core_schemas import as_json, decode, is_base64


def json_type(kind: Any, mode: JsonSchemaMode) -> Any:
    """Return the JSON form of a type, which is usually the type itself.

    Raises:
        ConfigError: Pydantic cannot validate the type, or JSON cannot represent it.
    """
    try:
        adapter = TypeAdapter(kind)
        adapter.json_schema(mode=mode)
    except PydanticUserError as exc:
        reason = str(exc).partition("\n")[0]
        raise ConfigError(f"Pydantic cannot validate a type of predict as JSON: {reason}") from exc
    schema = as_json(adapter.core_schema)
    if schema is adapter.core_schema:
        return kind
    return Annotated[Any, _JsonForm(kind, schema, mode)]


def json_dump(kind: Any) -> Callable[[Any], Any]:
    """Return a function from a value of a type to its JSON, with the field names of OpenAPI."""
    to_python = TypeAdapter(kind).serializer.to_python
    if is_plain(kind):
        return to_python
    return partial(to_python, mode="json", by_alias=True, warnings=False)


def is_plain(kind: Any) -> bool:
    """Return whether a type is text, numbers or lists of them: the same in Python and JSON."""
    schema: Any = TypeAdapter(kind).core_schema
    while schema["type"] == "list" and "serialization" not in schema:
        schema = schema.get("items_schema", {"type": "any"})
    return schema["type"] in {"str", "int", "float", "bool"} and "serialization" not in schema


def json_example(kind: Any, example: Any) -> Any:
    """Return the JSON of an example of a type; None if no form of it is valid."""
    adapter = TypeAdapter(kind)
    dump = partial(adapter.dump_python, example, mode="json", warnings=False)
    for write in (
        partial(dump, by_alias=True),
        partial(dump, by_alias=False, round_trip=True),
        partial(to_jsonable_python, _as_given(example), bytes_mode="base64"),
    ):
        with suppress(Exception):  # a serializer or validator of the type may raise anything
            value = write()
            check_json(value)
            adapter.validate_json(to_json(value), strict=True)
            return value
    return None


def _as_given(value: Any) -> Any:
    """Return a value with the names of its fields in requests, and without serializers."""
    if isinstance(value, BaseModel):
        fields = type(value).model_fields
        aliases = {name: field.validation_alias or name for name, field in fields.items()}
        return {str(aliases[name]): _as_given(getattr(value, name)) for name in fields}
    if isinstance(value, dict):
        return {key: _as_given(item) for key, item in value.items()}
    return [*map(_as_given, value)] if isinstance(value, list | tuple | set) else value


class _JsonForm:
    """Validate and serialize values of a type by a changed core schema."""

    def __init__(self, kind: Any, schema: Any, mode: JsonSchemaMode) -> None:
        self.kind, self.schema, self.mode, self.is_file = kind, schema, mode, is_base64(schema)
        # The prebuilt validators of classes take bytes for text, so they are not used.
        self.validator = SchemaValidator(schema, _use_prebuilt=False)
        self.serializer = SchemaSerializer(schema, _use_prebuilt=False)

    def __get_pydantic_core_schema__(self, _: Any, handler: Any) -> Any:
        dump = partial(self.serializer.to_python, mode="json", by_alias=True, warnings=False)
        python = cs.no_info_plain_validator_function(self._from_python)
        return cs.json_or_python_schema(
            cs.no_info_plain_validator_function(self._from_json),
            python if self.mode == "validation" else handler.generate_schema(self.kind),
            serialization=cs.plain_serializer_function_ser_schema(dump, when_used="json"),
        )

    def __get_pydantic_json_schema__(self, _: Any, handler: Any) -> Any:
        # The handler applies only the metadata of inner schemas.
        return handler(cs.json_or_python_schema(self.schema, self.schema))

    def _from_json(self, value: Any) -> Any:
        if self.is_file and isinstance(value, str):
            return self._from_python(decode(value))  # a large file is not parsed twice
        return self.validator.validate_json(to_json(value), strict=True)

    def _from_python(self, value: Any) -> Any:
        return self.validator.validate_python(value, strict=True)
