"""Chats: what a model that generates text takes, and what it returns, whole or in chunks."""

from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from .results import Result

STRICT = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True)


class Message(BaseModel):
    """One message of a chat."""

    model_config = STRICT

    role: Literal["system", "user", "assistant"]
    """Author: `system` for instructions, `user`, or `assistant` for the model."""
    content: str
    """Its text."""


class Chat(BaseModel):
    """The messages so far, and how to generate the next one; the model has defaults."""

    model_config = STRICT

    messages: Annotated[list[Message], Field(min_length=1, max_length=1000)]
    """Messages in their order, the last one at the end."""
    max_tokens: int | None = Field(default=None, ge=1)
    """Most tokens to generate."""
    temperature: float | None = Field(default=None, ge=0, le=2)
    """Randomness of the tokens; 0 takes the most probable one."""
    top_p: float | None = Field(default=None, gt=0, le=1)
    """Only the most probable tokens are taken, whose probabilities have this sum."""
    stop: list[str] = Field(default=[], max_length=4)
    """Texts that end the generation; they are not part of it."""
    seed: int | None = None
    """Equal seeds give equal texts, as far as the model can."""


def to_chat(value: Any) -> Any:
    """Return a chat with one message of the user for a text; anything else as it is."""
    if isinstance(value, str):
        return Chat(messages=[Message(role="user", content=value)])
    return value


ChatInput = Annotated[Chat, BeforeValidator(to_chat, json_schema_input_type=str | Chat)]
"""Declared type of an input: a chat, or a text that is one message of the user."""


class ChatResult(Result):
    """The message that a model generated."""

    text: str
    """The text of the message."""
    finish_reason: str
    """Reason of its end: `stop` where the model ended it, `length` at `max_tokens`."""
    prompt_tokens: int
    """Tokens of the chat."""
    completion_tokens: int
    """Tokens of the message."""


class ChatChunk(Result):
    """A part of the message, while it is generated; the last one has more than text."""

    text: str = ""
    """The next characters of the text."""
    finish_reason: str | None = None
    """Reason of the end of the message, in its last chunk."""
    prompt_tokens: int | None = None
    """Tokens of the chat, in the last chunk."""
    completion_tokens: int | None = None
    """Tokens of the whole message, in the last chunk."""


def is_of(kind: Any, base: type) -> bool:
    """Return whether a declared type is a class or a subclass of it, such as `ChatInput` a chat."""
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    return isinstance(kind, type) and issubclass(kind, base)
