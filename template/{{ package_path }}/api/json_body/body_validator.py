"""Validate the bytes of a JSON body, in bounded time for any content."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic_core import PydanticSerializationError, SchemaValidator, core_schema, from_json

from ...utils.helpers import MAX_ERRORS, check_json, stop_early
from ...utils.large_bodies import LARGE, gc_paused

TOO_MANY = {"type": "value_error", "loc": ("body",), "msg": f"More than {MAX_ERRORS} errors"}
NAN = {"type": "value_error", "loc": ("body",), "msg": "must not contain NaN or Infinity"}


class BodyValidator:
    """Validate the bytes of a body into an object of a class."""

    def __init__(self, schema: type[BaseModel]) -> None:
        fields = schema.model_json_schema().get("properties", {}).values()
        is_finite = schema.model_config.get("allow_inf_nan") is False
        self._rejects_nan = is_finite and bool(fields) and all(map(_rejects_nan, fields))
        self._read = schema.__pydantic_validator__.validate_json
        # The setting of a class does not apply to nested classes; an argument of the call does.
        self._strict = schema.model_config.get("strict")
        if schema.model_config.get("extra") == "forbid":
            schema = create_model(schema.__name__, __base__=(schema, _RejectUnknownNames))
        core = stop_early(schema.__pydantic_core_schema__)
        self._read_carefully = SchemaValidator(core, _use_prebuilt=False).validate_json

    def __call__(self, content: bytes) -> Any:
        """Validate a body.

        Raises:
            RequestValidationError: The body is not valid; at most `MAX_ERRORS` errors are listed.
        """
        try:
            with gc_paused(len(content)):
                read = self._read if len(content) <= LARGE else self._read_carefully
                value = read(content, strict=self._strict)
        except ValidationError as exc:
            if exc.error_count() > MAX_ERRORS:  # listing the errors of a large body would take long
                raise RequestValidationError([TOO_MANY]) from exc
            errors = exc.errors(include_url=False, include_context=False, include_input=False)
            located = [{**error, "loc": ("body", *error["loc"])} for error in errors]
            raise RequestValidationError(located) from exc
        if not self._rejects_nan or b"NaN" in content or b"Infinity" in content:
            _check_json(value, content)
        return value


def _check_json(value: BaseModel, content: bytes) -> None:
    try:
        try:
            check_json(value)
        except PydanticSerializationError:  # it holds an object of a custom class
            check_json(from_json(content))
    except ValueError as exc:
        raise RequestValidationError([NAN]) from exc


class _UnknownName:
    def __get_pydantic_core_schema__(self, *_: Any) -> Any:
        return core_schema.custom_error_schema(core_schema.none_schema(), "extra_forbidden")


class _RejectUnknownNames(BaseModel):
    """Reject an unknown name without validating its value, which may be large."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[Annotated[str, _UnknownName()], Any]


def _rejects_nan(schema: Mapping[str, Any]) -> bool:
    """Return whether a field has only plain numbers and text, so that the class rejects NaN."""
    if schema.get("type") == "array":
        return _rejects_nan(schema.get("items", {}))
    return schema.get("type") in {"string", "number", "integer", "boolean"}
