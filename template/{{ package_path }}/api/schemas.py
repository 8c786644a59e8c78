"""Requests and answers of the API. Those of predictions follow the model's declared types."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, FailFast, Field, TypeAdapter, create_model
from pydantic_core import core_schema, to_json

from ..models.base import Signature
from ..utils.helpers import ARRAYS, check_json

MAX_BATCH = 1000  # inputs in one request


class Readiness(BaseModel):
    """Every model is loaded and warm."""

    status: str = "ready"
    models: dict[str, str] = Field(description="Version by name")


class ModelInfo(BaseModel):
    """A model, with the JSON schemas of what goes in and out."""

    name: str
    version: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]


class Info(BaseModel):
    """What is served here."""

    service: str
    version: str
    environment: str
    models: list[ModelInfo]


class Problem(BaseModel):
    """An error, as RFC 9457 wants it."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    request_id: str | None = None
    errors: list[dict[str, str]] | None = None


class ItemError(BaseModel):
    """Stands in a batch's answer where a prediction failed."""

    error: Problem


def prediction_schemas(signature: Signature, example: Any) -> tuple[Any, Any, Any, Any]:
    """Build request, answer, batch request and batch answer from a model's declared types."""
    config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    examples = None if example is None else [example]
    one = Field(examples=examples)
    many = Field(max_length=MAX_BATCH, examples=examples and [examples])
    kind: Any = signature.input
    if TypeAdapter(kind).core_schema["type"] in ARRAYS:
        kind = Annotated[kind, FailFast()]  # a megabyte of wrong items would take long to list
    kind = Annotated[kind, _StrictJson(kind)]
    inputs: Any = Annotated[list[kind], FailFast()]
    outputs = list[signature.output | ItemError]  # type: ignore[name-defined]
    return (
        create_model("PredictRequest", __config__=config, input=(kind, one)),
        create_model("PredictAnswer", prediction=(signature.output, ...)),
        create_model("BatchRequest", __config__=config, inputs=(inputs, many)),
        create_model("BatchAnswer", predictions=(outputs, ...)),
    )


class _StrictJson:
    """Reads a value as strict JSON is read, all the way down, whatever reads it.

    FastAPI hands over what JSON was parsed to, where an array is a list and a date is text: strict
    for JSON, but not for Python. NaN is no JSON; it becomes null and is refused.
    """

    def __init__(self, kind: Any) -> None:
        self.adapter = TypeAdapter(kind)

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from_python = core_schema.no_info_plain_validator_function(self._validate)
        return core_schema.json_or_python_schema(handler(source), from_python)

    def _validate(self, value: Any) -> Any:
        valid = self.adapter.validate_json(to_json(value, inf_nan_mode="null"), strict=True)
        check_json(value)  # null may be valid where NaN was
        return valid
