"""Models for the API of OpenAI: one that repeats, one that does not stream, one that embeds."""

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import ClassVar

from src.core.errors import InvalidInputError, TransientModelError
from src.models.base import Model
from src.models.chat import Chat, ChatChunk, ChatInput, ChatResult


class Parrot(Model):
    """Repeat the last message; some messages fail or hang."""

    model_name: ClassVar[str] = "parrot"
    version: ClassVar[str] = "1"
    cache: ClassVar[bool] = False

    def __init__(self) -> None:
        self.chats: list[Chat] = []
        self.cancelled = threading.Event()

    async def predict(self, input_data: ChatInput) -> ChatResult:
        self.chats.append(input_data)
        text = input_data.messages[-1].content
        if text == "rejected":
            raise InvalidInputError("not this")
        if text == "away":
            raise TransientModelError("10.0.0.7")
        tokens = len(text.split())
        return ChatResult(
            text=text, finish_reason="stop", prompt_tokens=tokens, completion_tokens=tokens
        )

    async def predict_stream(self, input_data: ChatInput) -> AsyncIterator[ChatChunk]:
        result = await self.predict(input_data)
        for number, word in enumerate(result.text.split()):
            if word == "breaks":
                raise RuntimeError("secret")
            if word == "hangs":
                try:
                    await asyncio.sleep(60)
                finally:
                    self.cancelled.set()
            yield ChatChunk(text=f" {word}" if number else word)
        yield ChatChunk(
            finish_reason=result.finish_reason,
            prompt_tokens=result.prompt_tokens,
            completion_tokens=result.completion_tokens,
        )


class Whole(Model):
    """Repeat the last message, in one piece."""

    model_name: ClassVar[str] = "whole"
    version: ClassVar[str] = "1"

    def predict(self, input_data: ChatInput) -> ChatResult:
        text = input_data.messages[-1].content
        return ChatResult(text=text, finish_reason="length", prompt_tokens=1, completion_tokens=2)


class Lengths(Model):
    """Embed a text as its length."""

    model_name: ClassVar[str] = "lengths"
    version: ClassVar[str] = "1"

    def predict(self, input_data: str) -> list[float]:
        if input_data == "rejected":
            raise InvalidInputError("not this")
        return [float(len(input_data)), 0.1]
