"""Models that an upstream runs: for chats, and for embeddings."""

from collections.abc import AsyncIterator
from contextlib import aclosing

from ..chat import ChatChunk, ChatInput, ChatResult
from .base import OpenAIBase


class OpenAIModel(OpenAIBase):
    """A model that takes chats; it needs a name, a version and, for the warm-up, an example."""

    async def predict(self, input_data: ChatInput) -> ChatResult:
        """Return the next message of one chat."""
        return await self.complete(input_data)

    async def predict_stream(self, input_data: ChatInput) -> AsyncIterator[ChatChunk]:
        """Yield the next message of one chat in chunks."""
        async with aclosing(self.stream(input_data)) as chunks:
            async for chunk in chunks:
                yield chunk


class OpenAIEmbedder(OpenAIBase):
    """A model that takes texts and returns their embeddings."""

    async def predict(self, input_data: str) -> list[float]:
        """Return the embedding of one text."""
        return (await self.embed([input_data]))[0]

    async def predict_batch(self, inputs: list[str]) -> list[list[float]]:
        """Return the embeddings of several texts, from one request."""
        return await self.embed(inputs)
