"""Requests and answers of the Open Inference Protocol, named as its specification does."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Id = Annotated[str, Field(max_length=256)]
Parameters = Annotated[dict[str, Any], Field(description="Values by name; unknown names are fine")]
Shape = Annotated[list[Annotated[int, Field(ge=0, lt=2**64)]], Field(max_length=16, fail_fast=True)]
Data = Annotated[list[Any], Field(description="Elements in row-major order, flat or nested")]


class _Request(BaseModel):
    model_config = ConfigDict(strict=True)


class RequestInput(_Request):
    """A tensor that goes in."""

    name: str
    shape: Shape
    datatype: str
    parameters: Parameters = {}
    data: Data | None = None


class RequestOutput(_Request):
    """A tensor that is asked for."""

    name: str
    parameters: Parameters = {}


class InferenceRequest(_Request):
    """Tensors that go in, and which ones shall come out; all, if that is not said."""

    id: Id | None = None
    parameters: Parameters = {}
    inputs: Annotated[list[RequestInput], Field(min_length=1, fail_fast=True)]
    outputs: Annotated[list[RequestOutput], Field(fail_fast=True)] | None = None


class ResponseOutput(BaseModel):
    """A tensor that comes out."""

    name: str
    shape: list[int]
    datatype: str
    data: list[Any]


class InferenceResponse(BaseModel):
    """Tensors that come out."""

    model_name: str
    model_version: str
    id: str | None = None
    outputs: list[ResponseOutput]


class GenerateRequest(_Request):
    """A text to generate from; parameters are the other fields of the input, where it has any.

    Some clients send them beside the text, which the protocol allows.
    """

    model_config = ConfigDict(strict=True, extra="allow")

    id: Id | None = None
    text_input: str
    parameters: Parameters = {}


class GenerateResponse(BaseModel):
    """A text that was generated, or the next part of it."""

    model_name: str
    model_version: str
    id: str | None = None
    text_output: str


class Failure(BaseModel):
    """An error, in the protocol's form."""

    error: str


class Live(BaseModel):
    """The server is alive. Some clients look for `live`, some for `ready`."""

    live: bool = True
    ready: bool = True


class ModelReady(BaseModel):
    """The model is loaded and warm."""

    name: str
    ready: bool = True


class ServerMetadata(BaseModel):
    """What the server is, and what it can do beyond the protocol's core."""

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
    """What goes in and out of the model."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]


class IndexEntry(BaseModel):
    """A model in the repository."""

    name: str
    version: str
    state: str
    reason: str = ""


def inlined(kind: type[BaseModel]) -> dict[str, Any]:
    """Give the JSON schema of a class without references, to stand anywhere in a document."""
    whole = kind.model_json_schema()
    definitions = whole.pop("$defs", {})

    def resolve(part: Any) -> Any:
        if isinstance(part, dict):
            name = str(part.get("$ref", "")).rpartition("/")[2]
            return resolve(definitions[name]) if name else {k: resolve(v) for k, v in part.items()}
        return [resolve(item) for item in part] if isinstance(part, list) else part

    return dict(resolve(whole))
