"""Texts from prompts and chats."""

from collections.abc import Generator
from contextlib import closing
from typing import Any, ClassVar

from pydantic import Field

from ...core.errors import ConfigError
from ..chat import Chat, ChatChunk, ChatResult, is_of, to_chat
from .folder import import_transformers
from .generation import Generation, chunks_until, sampling
from .pretrained import TransformersModel
from .prompts import encode_prompt


class TextGenerator(TransformersModel):
    """A model that continues a text, or writes the next message of a chat."""

    class Options(TransformersModel.Options):
        """Execution of the network, and limits and defaults of requests."""

        max_new_tokens: int = Field(default=256, ge=1)
        """Most tokens of a generated text; a request may set fewer."""
        temperature: float = Field(default=0, ge=0, le=2)
        """Randomness of the tokens, unless a request sets it; 0 takes the most probable one."""

    options: Options
    cache: ClassVar[bool] = False
    task: ClassVar[str] = "AutoModelForCausalLM"

    def load(self) -> None:
        """Load network and tokenizer.

        Raises:
            ConfigError: The artifact cannot be loaded, does not generate, or has no template for
                the chats that the model takes.
        """
        super().load()
        if "MaskedLM" in str(self.network.config.architectures):
            raise ConfigError(f"{self.artifact} fills gaps of texts, and does not generate any")
        if is_of(self.signature().input, Chat) and not self.tokenizers.original.chat_template:
            raise ConfigError(f"{self.artifact} has no chat template: take a `str`, not a chat")

    def generate(self, prompt: str | Chat) -> ChatResult:
        """Return the text that continues a prompt, or the next message of a chat.

        Raises:
            InvalidInputError: The prompt is empty, too long, or not a chat for this network.
            PredictionTimeoutError: The time limit of the request is over.
        """
        *chunks, last = self.generate_chunks(prompt)
        text = "".join(chunk.text for chunk in chunks)
        return ChatResult.model_validate({**last.model_dump(), "text": text})

    def generate_text(self, prompt: str | Chat) -> Generator[str]:
        """Yield the text in parts, as it is generated."""
        with closing(self.generate_chunks(prompt)) as chunks:
            yield from (chunk.text for chunk in chunks if chunk.text)

    def generate_chunks(self, prompt: str | Chat) -> Generator[ChatChunk]:
        """Yield the text in parts, as it is generated; the last chunk has the counts and no text.

        When the generator is closed, such as because the client disconnected, so is the thread that
        generates.
        """
        wanted: Chat = to_chat(prompt)
        with self.tokenizers.lend() as tokenizer:
            inputs = encode_prompt(tokenizer, prompt, self.max_tokens)
            prompt_tokens = inputs["input_ids"].shape[1]
            limits = (
                wanted.max_tokens,
                self.options.max_new_tokens,
                self.max_tokens - prompt_tokens,
            )
            most = min(limit for limit in limits if limit)
            generation = self._start(tokenizer, inputs, wanted, most)
            with closing(generation.parts()) as parts:
                is_stopped = yield from chunks_until(parts, [*filter(None, wanted.stop)])
        tokens = generation.tokens[prompt_tokens:]
        is_complete = is_stopped or tokens[-1] in self._ends()
        yield ChatChunk(
            finish_reason="stop" if is_complete else "length",
            prompt_tokens=prompt_tokens,
            completion_tokens=len(tokens),
        )

    def _start(self, tokenizer: Any, inputs: Any, wanted: Chat, most: int) -> Generation:
        import torch

        given = wanted.temperature
        temperature = self.options.temperature if given is None else given
        processors = sampling(temperature, wanted.top_p, wanted.seed, self.device)

        def generate(**events: Any) -> Any:
            self.bound_threads()
            with torch.inference_mode():
                return self.network.generate(
                    **{name: tensor.to(self.device) for name, tensor in inputs.items()},
                    max_new_tokens=most,
                    do_sample=False,
                    num_beams=1,
                    logits_processor=processors,
                    **events,
                )

        streamer = import_transformers().TextIteratorStreamer
        return Generation(generate, streamer(tokenizer, skip_prompt=True, skip_special_tokens=True))

    def _ends(self) -> list[int]:
        """Return the tokens that end a text."""
        ends = self.network.generation_config.eos_token_id
        return ends if isinstance(ends, list) else [ends]
