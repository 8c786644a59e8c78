"""A text that a network generates, in parts, in a thread of its own."""

import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future
from queue import Empty
from typing import Any

from ...core.errors import PredictionTimeoutError
from ...core.request import current_request
from ..chat import ChatChunk
from .folder import import_transformers


class Generation:
    """One call of a network's `generate`, which ends when its text is no longer read.

    Args:
        generate: Generates with a given streamer and criteria, and returns the tokens.
        streamer: A `TextIteratorStreamer`.
    """

    def __init__(self, generate: Callable[..., Any], streamer: Any) -> None:
        self._generate = generate
        self._streamer = streamer
        self._stop = threading.Event()
        self._tokens: Future[Any] = Future()

    def parts(self) -> Generator[str]:
        """Yield the text in parts; closing ends the thread, once it has its current token.

        Raises:
            PredictionTimeoutError: There is no part within the time limit of the request.
        """
        thread = threading.Thread(target=self._run, name="generate", daemon=True)
        thread.start()
        try:
            while (part := self._next()) is not None:
                yield part
        finally:
            self._stop.set()
            thread.join()

    @property
    def tokens(self) -> list[int]:
        """Tokens of prompt and text, once the parts are read; an error of the network is raised."""
        tokens: list[int] = self._tokens.result()[0].tolist()
        return tokens

    def _next(self) -> str | None:
        self._streamer.timeout = current_request().time_left
        try:
            part: str | None = next(self._streamer, None)
        except Empty as exc:
            raise PredictionTimeoutError("No text within the time limit") from exc
        return part

    def _run(self) -> None:
        try:
            tokens = self._generate(streamer=self._streamer, stopping_criteria=[self._is_stopped])
            self._tokens.set_result(tokens)
        except BaseException as exc:  # noqa: BLE001  (raised in the thread that reads)
            self._tokens.set_exception(exc)
            self._streamer.on_finalized_text("", stream_end=True)

    def _is_stopped(self, tokens: Any, _: Any, **__: Any) -> Any:
        """Return for each text whether it has ended."""
        return tokens.new_full((len(tokens),), self._stop.is_set()).bool()


def chunks_until(parts: Iterator[str], stops: Sequence[str]) -> Generator[ChatChunk, None, bool]:
    """Yield a text until one of the texts `stops`; return whether there was one.

    The end of the text so far is held back where one of them may begin.
    """
    held, longest = "", max(map(len, stops), default=1)
    for part in parts:
        held += part
        found = [held.index(stop) for stop in stops if stop in held]
        ready = min(found, default=max(0, len(held) - longest + 1))
        if ready:
            yield ChatChunk(text=held[:ready])
        if found:
            return True
        held = held[ready:]
    if held:
        yield ChatChunk(text=held)
    return False


def sampling(temperature: float, top_p: float | None, seed: int | None, device: Any) -> list[Any]:
    """Return processors of scores after which the highest one is a sample; none without randomness.

    PyTorch has one seed for all threads, so each text has a generator of its own.
    """
    if not temperature:
        return []
    import torch

    transformers = import_transformers()
    generator = torch.Generator(device)
    generator.seed() if seed is None else generator.manual_seed(seed % 2**63)

    def sample(_: Any, scores: Any) -> Any:
        probabilities = scores.float().softmax(dim=-1)
        return probabilities / torch.empty_like(probabilities).exponential_(generator=generator)

    nucleus = [transformers.TopPLogitsWarper(float(top_p))] if top_p else []
    return [transformers.TemperatureLogitsWarper(float(temperature)), *nucleus, sample]
