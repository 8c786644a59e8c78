"""Validation of a JSON body from its bytes, in bounded time whatever they are."""

import gc
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic_core import core_schema

from ..utils.helpers import check_json

LARGE, LISTED = 10_000, 100  # bytes, mistakes
TOO_MANY = {"type": "value_error", "loc": ("body",), "msg": f"More than {LISTED} mistakes"}
NAN = {"type": "value_error", "loc": ("body",), "msg": "NaN and Infinity are no JSON"}


class BodyValidator:
    """Makes an object of a class from the bytes of a body."""

    def __init__(self, schema: type[BaseModel]) -> None:
        fields = schema.model_json_schema().get("properties", {}).values()
        refuses = schema.model_config.get("allow_inf_nan") is False
        self._refuses_nan = refuses and bool(fields) and all(map(_refuses_nan, fields))
        self._read = schema.__pydantic_validator__.validate_json
        # Set for a class, it does not reach the classes inside; set for a call, it does.
        self._strict = schema.model_config.get("strict")
        if schema.model_config.get("extra") == "forbid":
            schema = create_model(schema.__name__, __base__=(schema, _Incurious))
        self._read_carefully = schema.__pydantic_validator__.validate_json

    def __call__(self, content: bytes) -> Any:
        """Validate a body.

        Raises:
            RequestValidationError: It is not valid; at most `LISTED` mistakes are named.
        """
        try:
            if len(content) < LARGE:
                value = self._read(content, strict=self._strict)
            else:
                value = self._read_large(content)
        except ValidationError as exc:
            if exc.error_count() > LISTED:  # a megabyte of wrong names would take long to list
                raise RequestValidationError([TOO_MANY]) from exc
            errors = exc.errors(include_url=False, include_context=False, include_input=False)
            located = [{**error, "loc": ("body", *error["loc"])} for error in errors]
            raise RequestValidationError(located) from exc
        if not self._refuses_nan:
            try:
                check_json(value)
            except ValueError as exc:
                raise RequestValidationError([NAN]) from exc
        return value

    def _read_large(self, content: bytes) -> Any:
        collects = gc.isenabled()
        gc.disable()  # it would walk the parts again and again while they are made
        try:
            return self._read_carefully(content, strict=self._strict)
        finally:
            if collects:
                gc.enable()


class _NoOtherName:
    def __get_pydantic_core_schema__(self, *_: Any) -> Any:
        return core_schema.custom_error_schema(core_schema.none_schema(), "extra_forbidden")


class _Incurious(BaseModel):
    """Refuses a name without a look at its value, which may be a megabyte of arrays."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[Annotated[str, _NoOtherName()], Any]


def _refuses_nan(schema: Mapping[str, Any]) -> bool:
    """Tell whether a field is made of plain numbers and text, to which a class's rules reach."""
    if schema.get("type") == "array":
        return _refuses_nan(schema.get("items", {}))
    return schema.get("type") in {"string", "number", "integer", "boolean"}
