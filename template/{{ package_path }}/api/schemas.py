"""Requests and responses of the API. Those of predictions follow the model's declared types."""

import operator
import re
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, FailFast, Field, TypeAdapter, create_model

from ..models.base import Signature
from ..models.json_types import json_example
from ..utils.helpers import ARRAYS

REQUEST = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Readiness(BaseModel):
    """Every model is loaded and warm."""

    status: str = "ready"
    models: dict[str, str] = Field(description="Version by name, the one with the greatest share")


class ModelInfo(BaseModel):
    """A model: JSON schemas of inputs and outputs, seconds of its start, card, versions, shares."""

    name: str
    version: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    load_s: float | None = Field(default=None, exclude_if=operator.not_)
    warm_up_s: float | None = Field(default=None, exclude_if=operator.not_)
    card: dict[str, Any] = Field(default={}, exclude_if=operator.not_)
    versions: list[str] = Field(default=[], exclude_if=lambda versions: len(versions) < 2)
    shares: dict[str, float] = Field(default={}, exclude_if=lambda shares: len(shares) < 2)


class Info(BaseModel):
    """The service and its models."""

    service: str
    version: str
    environment: str
    models: list[ModelInfo]


class Problem(BaseModel):
    """An error, as defined by RFC 9457."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    request_id: str | None = Field(default=None, exclude_if=operator.not_)
    errors: list[dict[str, str]] | None = Field(default=None, exclude_if=operator.not_)


class ItemError(BaseModel):
    """A failed prediction in the response to a batch."""

    error: Problem


class Declared:
    """Annotation of a declared type, so that its `Field`, such as an alias, is not the input's."""

    def __init__(self, kind: Any) -> None:
        self.kind = kind

    def __get_pydantic_core_schema__(self, _: Any, handler: Any) -> Any:
        """Return the schema of the declared type."""
        return handler.generate_schema(self.kind)


def info_schemas(signature: Signature) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the JSON schemas of a model's input and output, as in OpenAPI."""
    inputs: Any = Annotated[Any, Declared(signature.input)]
    return (
        TypeAdapter(inputs, config=REQUEST).json_schema(mode="validation"),
        TypeAdapter(signature.output).json_schema(mode="serialization"),
    )


def schema_prefix(name: str) -> str:
    """Return the beginning of the names of schemas for a model."""
    return "".join(part.capitalize() for part in re.split(r"\W|_", name))


def prediction_schemas(
    signature: Signature, example: Any, most: int = 1000, name: str = ""
) -> tuple[Any, ...]:
    """Build schemas of requests and responses, single and batch, from a model's declared types.

    A batch has at most `most` inputs. The names of the schemas begin with that of the model.
    """
    begin = schema_prefix(name)
    value = json_example(signature.input, example)
    examples = None if value is None else [value]
    one = Field(examples=examples)
    many = Field(max_length=most, examples=examples and [examples])
    kind: Any = signature.input
    if TypeAdapter(kind).core_schema["type"] in ARRAYS:
        kind = Annotated[kind, FailFast()]  # listing the errors of a large array would take long
    kind = Annotated[Any, Declared(kind)]
    inputs: Any = Annotated[list[kind], FailFast()]
    outputs = list[signature.output | ItemError]  # type: ignore[name-defined]
    return (
        create_model(f"{begin}PredictRequest", __config__=REQUEST, input=(kind, one)),
        create_model(f"{begin}PredictResponse", prediction=(signature.output, ...)),
        create_model(f"{begin}BatchRequest", __config__=REQUEST, inputs=(inputs, many)),
        create_model(f"{begin}BatchResponse", predictions=(outputs, ...)),
    )
