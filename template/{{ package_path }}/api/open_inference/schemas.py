"""Requests and responses of the Open Inference Protocol, named as in its specification."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Id = Annotated[str, Field(max_length=256)]
Parameters = Annotated[dict[str, Any], Field(description="Values by name; others are ignored")]
Shape = Annotated[list[Annotated[int, Field(ge=0, lt=2**64)]], Field(max_length=16, fail_fast=True)]
Data = Annotated[list[Any], Field(description="Elements in row-major order, flat or nested")]


class _Request(BaseModel):
    model_config = ConfigDict(strict=True)


class RequestInput(_Request):
    """An input tensor."""

    name: str
    shape: Shape
    datatype: str
    parameters: Parameters = {}
    data: Data | None = None


class RequestOutput(_Request):
    """A requested output tensor."""

    name: str
    parameters: Parameters = {}


class InferenceRequest(_Request):
    """Input tensors, and the outputs to return; without `outputs`, all of them."""

    id: Id | None = None
    parameters: Parameters = {}
    inputs: Annotated[list[RequestInput], Field(min_length=1, max_length=1000, fail_fast=True)]
    outputs: Annotated[list[RequestOutput], Field(fail_fast=True, max_length=1000)] | None = None


class ResponseOutput(BaseModel):
    """An output tensor."""

    name: str
    shape: list[int]
    datatype: str
    parameters: dict[str, Any] | None = None
    data: list[Any]


class InferenceResponse(BaseModel):
    """Output tensors."""

    model_name: str
    model_version: str
    id: str | None = None
    outputs: list[ResponseOutput]


class GenerateRequest(_Request):
    """A text to generate from; parameters are the other fields of the model's input, if any.

    Some clients send them beside the text, which the protocol allows.
    """

    model_config = ConfigDict(strict=True, extra="allow")

    id: Id | None = None
    text_input: str
    parameters: Parameters = {}


class GenerateResponse(BaseModel):
    """A generated text, or the next chunk of it."""

    model_name: str
    model_version: str
    id: str | None = None
    text_output: str


class Failure(BaseModel):
    """An error, in the protocol's form."""

    error: str


class Live(BaseModel):
    """The server is alive. Some clients read `live`, some `ready`."""

    live: bool = True
    ready: bool = True


class ModelReady(BaseModel):
    """The model is loaded and warm."""

    name: str
    ready: bool = True


class ServerMetadata(BaseModel):
    """The server's name, version and extensions of the protocol."""

    name: str
    version: str
    extensions: list[str]


class TensorMetadata(BaseModel):
    """A tensor as the model declares it; a dimension of -1 has any size."""

    name: str
    datatype: str
    shape: list[int]
    parameters: dict[str, str] | None = None


class ModelMetadata(BaseModel):
    """Inputs and outputs of the model."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]
    parameters: dict[str, Any] | None = None


class IndexEntry(BaseModel):
    """A model in the repository."""

    name: str
    version: str
    state: str
    reason: str = ""
