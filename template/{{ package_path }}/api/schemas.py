"""Requests and answers of the API. Those of predictions follow the model's declared types."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, WrapValidator, create_model
from pydantic_core import to_json

from ..models.base import Signature

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
    config = ConfigDict(extra="forbid")
    examples = None if example is None else [example]
    one = Field(examples=examples)
    many = Field(max_length=MAX_BATCH, examples=examples and [examples])
    kind = _as_json(signature.input)
    inputs, outputs = list[kind], list[signature.output | ItemError]  # type: ignore[valid-type, name-defined]
    return (
        create_model("PredictRequest", __config__=config, input=(kind, one)),
        create_model("PredictAnswer", prediction=(signature.output, ...)),
        create_model("BatchRequest", __config__=config, inputs=(inputs, many)),
        create_model("BatchAnswer", predictions=(outputs, ...)),
    )


def _as_json(kind: Any) -> Any:
    """Read a value as strict JSON is read, all the way down.

    FastAPI hands over what JSON was parsed to, where an array is a list and a date is text: strict
    for JSON, but not for Python. NaN is no JSON; it becomes null and is refused.
    """
    adapter = TypeAdapter(kind)

    def validate(value: Any, _: Any) -> Any:
        return adapter.validate_json(to_json(value, inf_nan_mode="null"), strict=True)

    return Annotated[kind, WrapValidator(validate)]
