"""Chats by the API of OpenAI, whole or in chunks: `/v1/chat/completions`."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, ClassVar
from uuid import uuid4

from fastapi import FastAPI, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from ...config.settings import Settings
from ...core.errors import ServiceError
from ...models.chat import ChatChunk, ChatResult
from ...services.inference_service import InferenceService
from ...services.streaming.streamer import streamer_of
from ..dependencies import model_headers, state_of
from ..errors import describe
from ..streaming.event_stream import EventStream, prefetch_first
from ..streaming.schema_inlining import inlined
from .error_form import to_failure
from .schemas import ChatRequest, Choice, Completion, Failure, ResponseMessage, Usage
from .served_models import add_model_route, chat_class, find, takes_chats

PURPOSE = "does not take chats"


def install(app: FastAPI, settings: Settings) -> None:
    """Add the route."""
    endpoint = ChatEndpoint(app, settings).chat_completions
    events = {"type": "string", "contentSchema": inlined(Completion, "serialization")}
    contents = {"application/json": {}, "text/event-stream": {"schema": events}}
    add_model_route(
        app,
        settings,
        "/v1/chat/completions",
        endpoint,
        response_model=Completion,
        responses={200: {"description": "The message, or its chunks", "content": contents}},
    )


class ChatEndpoint:
    """Return the next message of a chat."""

    def __init__(self, app: FastAPI, settings: Settings) -> None:
        self._models, self._timeout_s = state_of(app).models, settings.service.timeout

    async def chat_completions(self, body: ChatRequest) -> Response:
        """Return the next message of a chat; with `stream`, every event has a chunk of it."""
        body.check_further_fields()
        service = find(self._models, body.model, takes_chats, PURPOSE)
        chat, chosen = _to_chat(service, body), service.pick()
        if body.stream:
            options = body.stream_options
            events = _events(chosen, chat, has_usage=bool(options and options.include_usage))
            stream = await prefetch_first(events)
            return CompletionStream(stream, self._timeout_s, model_headers(chosen))
        result: ChatResult = await chosen.predict(chat)
        message = ResponseMessage(role="assistant", content=result.text)
        choice = Choice(message=message, finish_reason=result.finish_reason)
        fields: Any = {**_head(chosen, "chat.completion"), "choices": [choice]}
        content = Completion(**fields, usage=_usage(result)).model_dump_json()
        headers = model_headers(chosen)
        return Response(content, headers=headers, media_type="application/json")


class CompletionStream(EventStream):
    """Events as OpenAI sends them: the last one is `data: [DONE]`, unless the stream failed."""

    last: ClassVar[bytes] = b"data: [DONE]\n\n"

    def failure(self, exc: ServiceError) -> Failure:
        """Return the last event of a stream that failed."""
        return to_failure(describe(exc))


async def _events(
    service: InferenceService, chat: Any, *, has_usage: bool
) -> AsyncGenerator[Completion]:
    """Yield the chunks of a message; the role is in the first one, the reason in the last one."""
    head: Any = _head(service, "chat.completion.chunk")
    role: str | None = "assistant"
    async with aclosing(streamer_of(service).stream(chat)) as chunks:
        async for chunk in chunks:
            delta = ResponseMessage(role=role, content=chunk.text or (role and ""))
            choice = Choice(delta=delta, finish_reason=chunk.finish_reason)
            yield Completion(**head, choices=[choice])
            role = None
            if has_usage and chunk.finish_reason:
                yield Completion(**head, choices=[], usage=_usage(chunk))


def _to_chat(service: InferenceService, body: ChatRequest) -> Any:
    """Return the chat of a request as the model takes it.

    Raises:
        RequestValidationError: A value is out of its bounds.
    """
    kind: Any = chat_class(service)
    try:
        return kind.model_validate(body.to_fields())
    except ValidationError as exc:
        raise RequestValidationError(exc.errors(include_url=False)) from exc


def _head(service: InferenceService, kind: str) -> dict[str, Any]:
    identity = f"chatcmpl-{uuid4().hex}"
    return {"id": identity, "object": kind, "created": int(time.time()), "model": service.name}


def _usage(result: ChatResult | ChatChunk) -> Usage:
    prompt, completion = result.prompt_tokens or 0, result.completion_tokens or 0
    total = prompt + completion
    return Usage(prompt_tokens=prompt, completion_tokens=completion, total_tokens=total)
