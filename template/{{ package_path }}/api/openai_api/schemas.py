"""Requests and responses of the API of OpenAI, as far as models here can fulfil them."""

import operator
from typing import Annotated, Any, Literal

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field

from ...models.chat import Message

REQUEST = ConfigDict(strict=True, extra="allow", allow_inf_nan=False)
# Values of fields that change nothing, as clients send them.
NEUTRAL: tuple[Any, ...] = (None, False, 0, 1, [], {}, "none", "auto", {"type": "text"})
HARMLESS = {
    *("user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key"),
    *("parallel_tool_calls", "prompt_cache_retention", "logit_bias", "verbosity"),
}


class ModelRequest(BaseModel):
    """A request for a model; further fields are ignored if they change nothing."""

    model_config = REQUEST

    model: str

    def check_further_fields(self) -> None:
        """Check that no further field would change the response.

        Raises:
            RequestValidationError: One would.
        """
        for name, value in (self.model_extra or {}).items():
            if name not in HARMLESS and value not in NEUTRAL:
                error = {"type": "value_error", "loc": ("body", name), "msg": "is not supported"}
                raise RequestValidationError([error])


class TextPart(BaseModel):
    """A part of the content of a message."""

    kind: Literal["text"] = Field(alias="type")
    text: str


class RequestMessage(BaseModel):
    """A message of a chat, whose content may be in parts."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[TextPart]

    def to_message(self) -> Message:
        """Return the message as models take it."""
        role = "system" if self.role == "developer" else self.role
        parts = self.content
        text = parts if isinstance(parts, str) else "".join(part.text for part in parts)
        return Message(role=role, content=text)


class StreamOptions(BaseModel):
    """Options of a stream."""

    include_usage: bool = False


class ChatRequest(ModelRequest):
    """A request for the next message of a chat."""

    messages: Annotated[list[RequestMessage], Field(min_length=1, max_length=1000)]
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: str | list[str] | None = None
    seed: int | None = None
    stream: bool | None = False
    stream_options: StreamOptions | None = None

    def to_fields(self) -> dict[str, Any]:
        """Return the fields of the chat, as models take it."""
        stop = [self.stop] if isinstance(self.stop, str) else self.stop
        return {
            "messages": [message.to_message() for message in self.messages],
            "max_tokens": self.max_completion_tokens or self.max_tokens,
            "temperature": self.temperature,
            "top_p": self.top_p,
            "stop": stop or [],
            "seed": self.seed,
        }


class EmbeddingsRequest(ModelRequest):
    """A request for the embeddings of texts."""

    input: str | list[str]
    encoding_format: Literal["float", "base64"] | None = "float"


class Usage(BaseModel):
    """Tokens of a request and its response."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0


class ResponseMessage(BaseModel):
    """A generated message, or the next characters of it."""

    role: str | None = Field(default=None, exclude_if=operator.not_)
    content: str | None = Field(default=None, exclude_if=lambda text: text is None)


class Choice(BaseModel):
    """A generated message: `message` if it is whole, `delta` in a chunk."""

    index: int = 0
    message: ResponseMessage | None = Field(default=None, exclude_if=operator.not_)
    delta: ResponseMessage | None = Field(default=None, exclude_if=operator.not_)
    finish_reason: str | None = None


class Completion(BaseModel):
    """A completion of a chat, or a chunk of it."""

    id: str
    object: str
    created: int
    model: str
    choices: list[Choice]
    usage: Usage | None = Field(default=None, exclude_if=operator.not_)


class Embedding(BaseModel):
    """The embedding of one text: numbers, or base64 of them as 32-bit floats."""

    object: str = "embedding"
    index: int
    embedding: list[float] | str


class EmbeddingsResponse(BaseModel):
    """The embeddings of texts, in their order; tokens are not counted."""

    object: str = "list"
    data: list[Embedding]
    model: str
    usage: Usage = Usage()


class ModelEntry(BaseModel):
    """A model that is served."""

    id: str
    object: str = "model"
    created: int
    owned_by: str


class ModelList(BaseModel):
    """The models that are served."""

    object: str = "list"
    data: list[ModelEntry]


class Error(BaseModel):
    """An error."""

    message: str
    type: str
    param: str | None = None
    code: str | None = None


class Failure(BaseModel):
    """The response to a request that failed."""

    error: Error
