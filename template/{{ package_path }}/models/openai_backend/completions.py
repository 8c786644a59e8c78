"""Requests for completions, and what is read from their responses."""

from collections.abc import AsyncGenerator
from typing import Any

from ...core.errors import TransientModelError
from ..chat import Chat, ChatChunk, ChatResult

OF_A_CHAT = ("max_tokens", "temperature", "top_p", "seed")


def completion_fields(chat: Chat, defaults: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a request for a chat; what it does not set is in `defaults`."""
    fields = {name: getattr(chat, name) for name in OF_A_CHAT if getattr(chat, name) is not None}
    if chat.stop:
        fields["stop"] = chat.stop
    messages = [message.model_dump() for message in chat.messages]
    return {**defaults, **fields, "messages": messages}


def read_result(completion: Any) -> ChatResult:
    """Return the result of a completion; raise any of `NO_COMPLETION` if it is none."""
    choice, usage = completion.choices[0], completion.usage
    return ChatResult(
        text=choice.message.content or "",
        finish_reason=choice.finish_reason or "stop",
        prompt_tokens=usage.prompt_tokens if usage else 0,
        completion_tokens=usage.completion_tokens if usage else 0,
    )


async def read_chunks(events: Any) -> AsyncGenerator[ChatChunk]:
    """Yield the chunks of a streamed completion; the last one has the reason and the tokens.

    Raises:
        TransientModelError: The stream ends early.
    """
    reason, usage = None, None
    async for event in events:
        usage = event.usage or usage
        for choice in event.choices[:1]:  # none in the event with the tokens
            reason = choice.finish_reason or reason
            if choice.delta.content:
                yield ChatChunk(text=choice.delta.content)
    if reason is None:
        raise TransientModelError("the stream of the upstream ended before its last event")
    yield ChatChunk(
        finish_reason=reason,
        prompt_tokens=usage.prompt_tokens if usage else 0,
        completion_tokens=usage.completion_tokens if usage else 0,
    )


def read_vectors(response: Any, size: int) -> list[list[float]]:
    """Return the vectors of a response, in the order of the texts; raise any of `NO_COMPLETION`."""
    vectors = sorted(response.data, key=lambda item: item.index)
    if len(vectors) != size:
        raise ValueError(f"{len(vectors)} embeddings for {size} texts")
    return [[*item.embedding] for item in vectors]
