"""A model that gives its prediction in parts, and takes its time."""

import logging
import time
from collections.abc import Iterator
from typing import ClassVar

from .base import Model

logger = logging.getLogger(__name__)


class Stream(Model):
    """Gives a hundred parts, each after as many seconds as the input says; `large` gives much."""

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
