"""Models that watch the event loop: a line in the log says for how long it was blocked."""

import asyncio
import gc
import logging
import time
from collections.abc import Iterator
from typing import ClassVar

from .base import Model

logger = logging.getLogger(__name__)

BEAT_S = 0.01
BLOCKED_S = 0.05  # less is not worth a line


def running_loops() -> list[asyncio.AbstractEventLoop]:
    loops = [it for it in gc.get_objects() if isinstance(it, asyncio.AbstractEventLoop)]
    return [loop for loop in loops if loop.is_running()]


class Watched(Model):
    """A model that watches the loop from its first iteration on; takes text."""

    model_name: ClassVar[str] = "watched"
    version: ClassVar[str] = "1"

    def load(self) -> None:
        while len(loops := running_loops()) > 1:  # that of the start ends soon
            time.sleep(0.01)
        asyncio.run_coroutine_threadsafe(watch(), loops[0])

    def predict(self, input_data: str) -> str:
        return input_data[:5]

    def predict_stream(self, input_data: str) -> Iterator[str]:
        yield input_data[:5]


class Numbers(Watched):
    """A model that takes many numbers, and returns them."""

    def predict(self, input_data: list[float]) -> list[float]:
        return input_data


class Sum(Watched):
    """A model that adds up numbers."""

    def predict(self, input_data: list[float]) -> float:
        return sum(input_data)


class Rows(Watched):
    """A model that takes rows of numbers."""

    def predict(self, input_data: list[list[int]]) -> int:
        return len(input_data)


class Texts(Watched):
    """A model that takes texts, and returns them."""

    def predict(self, input_data: list[str]) -> list[str]:
        return input_data


async def watch() -> None:
    """Measure processor time, so that a busy machine does not count."""
    while True:
        before = time.process_time()
        await asyncio.sleep(BEAT_S)
        if (blocked := time.process_time() - before) > BLOCKED_S:
            logger.warning("blocked %.3f", blocked)
