"""Base of models that an upstream runs."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, ClassVar

from pydantic import Field, SecretStr

from ...config.base import Section
from ...core.errors import ConfigError
from ..base import Model
from ..chat import Chat, ChatChunk, ChatResult
from .breaker import Breaker
from .completions import completion_fields, read_chunks, read_result, read_vectors
from .observer import UpstreamObserver
from .upstream import Upstream

URL = r"^https?://[^\s/@?#]+(/[^\s@?#]*)?$"  # logged, so without a password


class OpenAIBase(Model):
    """A model behind an API of OpenAI; `predict` calls `complete`, `stream` or `embed`."""

    class Options(Section):
        """The upstream: `MODEL__OPTIONS__BASE_URL=…` in the environment."""

        base_url: str = Field(pattern=URL)
        """Address of its API, such as `http://127.0.0.1:11434/v1`."""
        model: str = Field(min_length=1)
        """Name of the model there."""
        api_key: SecretStr = SecretStr("")
        """Key, if it needs one; only in the environment: `MODEL__OPTIONS__API_KEY`."""
        max_tokens: int | None = Field(default=None, ge=1)
        """Most tokens to generate, unless a chat sets it."""
        extra: dict[str, Any] = Field(default={})
        """Further fields of each request, such as `top_k`; only in YAML."""
        open_after: int = Field(default=5, ge=1, le=1000)
        """Failures in a row after which requests are rejected at once."""
        open_s: float = Field(default=10, gt=0, le=3600)
        """Seconds until one request may try whether the upstream responds again."""

    options: Options
    cache: ClassVar[bool] = False
    protocol_platform: ClassVar[str] = "openai"
    """Library and format, for the metadata of the protocol."""

    upstream: Upstream
    """The upstream; set by `load`."""
    observer = UpstreamObserver()
    """Its methods are called at each event of the upstream; `metrics` replaces it."""
    waits = False
    """Whether the service waits for the upstream, which has not responded yet."""

    def __init_subclass__(cls, **keywords: Any) -> None:
        """Check the class's `Options`.

        Raises:
            ConfigError: They do not extend those of the backend.
        """
        super().__init_subclass__(**keywords)
        if not issubclass(cls.Options, OpenAIBase.Options):
            expected = "its class Options must extend OpenAIBase.Options"
            raise ConfigError(f"{cls.__qualname__}: {expected}")

    async def load(self) -> None:
        """Open the client, and check that the upstream responds.

        Raises:
            ConfigError: The upstream rejects the key.
            TransientModelError: The upstream does not respond, or is busy.
        """
        if "upstream" not in vars(self):
            url, key = self.options.base_url, self.options.api_key.get_secret_value()
            breaker = Breaker(url, self.options.open_after, self.options.open_s)
            self.upstream = Upstream(url, key, breaker, self.observer)
        await self.upstream.check(self.options.model)

    async def unload(self) -> None:
        """Close the connections."""
        if "upstream" in vars(self):
            await self.upstream.client.close()

    async def complete(self, chat: Chat) -> ChatResult:
        """Return the next message of a chat."""
        create: Any = self.upstream.client.chat.completions.create
        async with self.upstream.attempt() as options:
            result = read_result(await create(**self._fields(chat), **options))
        self._count(result)
        return result

    async def stream(self, chat: Chat) -> AsyncGenerator[ChatChunk]:
        """Yield the next message of a chat in chunks, while it is generated."""
        create: Any = self.upstream.client.chat.completions.create
        how = {"stream": True, "stream_options": {"include_usage": True}}
        async with self.upstream.attempt() as options:
            events = await create(**self._fields(chat), **how, **options)
            async with events, aclosing(read_chunks(events)) as chunks:
                async for chunk in chunks:
                    self.upstream.breaker.succeeded()
                    self._count(chunk)
                    yield chunk

    async def embed(self, texts: list[str]) -> list[list[float]]:
        """Return the embedding of each text, from one request."""
        create: Any = self.upstream.client.embeddings.create
        fields = {"model": self.options.model, "input": texts, "extra_body": self.options.extra}
        async with self.upstream.attempt() as options:
            response = await create(encoding_format="float", **fields, **options)
            vectors = read_vectors(response, len(texts))
        if response.usage:
            self.observer.on_tokens("prompt", response.usage.prompt_tokens)
        return vectors

    def _fields(self, chat: Chat) -> dict[str, Any]:
        defaults: dict[str, Any] = {"model": self.options.model, "extra_body": self.options.extra}
        if self.options.max_tokens:
            defaults["max_tokens"] = self.options.max_tokens
        return completion_fields(chat, defaults)

    def _count(self, result: ChatResult | ChatChunk) -> None:
        self.observer.on_tokens("prompt", result.prompt_tokens or 0)
        self.observer.on_tokens("completion", result.completion_tokens or 0)
