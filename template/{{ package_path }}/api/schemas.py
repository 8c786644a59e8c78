"""Requests and answers of the API. Those of predictions follow the model's declared types."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, create_model

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
    config = ConfigDict(strict=True, allow_inf_nan=False, extra="forbid")
    examples = None if example is None else [example]
    one, many = (
        Field(examples=examples),
        Field(max_length=MAX_BATCH, examples=examples and [examples]),
    )
    inputs, outputs = list[signature.input], list[signature.output | ItemError]  # type: ignore[name-defined]
    return (
        create_model("PredictRequest", __config__=config, input=(signature.input, one)),
        create_model("PredictAnswer", prediction=(signature.output, ...)),
        create_model("BatchRequest", __config__=config, inputs=(inputs, many)),
        create_model("BatchAnswer", predictions=(outputs, ...)),
    )
