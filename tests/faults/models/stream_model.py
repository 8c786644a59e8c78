"""A model that yields its prediction in chunks, slowly."""

import logging
import time
from collections.abc import Iterator
from typing import ClassVar

from .base import Model

logger = logging.getLogger(__name__)


class Stream(Model):
    """A model that yields a hundred chunks at the interval of its input; `large`: large ones."""

    model_name: ClassVar[str] = "stream"
    version: ClassVar[str] = "1"

    def predict(self, input_data: str) -> str:
        return "".join(self.predict_stream(input_data))

    def predict_stream(self, input_data: str) -> Iterator[str]:
        seconds, _, name = input_data.partition(" ")
        try:
            for number in range(100):
                time.sleep(float(seconds))
                logger.info("part %s of %s", number, name)
                yield "x" * 1_000_000 if "large" in name else f"{number} "
        finally:
            logger.info("closed %s", name)


class Words(Model):
    """A model that yields the words of a text, one after the other."""

    model_name: ClassVar[str] = "words"
    version: ClassVar[str] = "1"
    example: ClassVar[str] = "a few words"

    def predict(self, input_data: str) -> str:
        return "".join(self.predict_stream(input_data))

    def predict_stream(self, input_data: str) -> Iterator[str]:
        for word in input_data.split()[:9]:
            yield f"{word} "
