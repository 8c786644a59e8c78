"""Models that take their time, in a thread."""

import logging
import os
import time
from typing import Any, ClassVar

from .base import Model

logger = logging.getLogger(__name__)


class Slow(Model):
    """A model that sleeps as many seconds as its input begins with; logs start, end and pid."""

    model_name: ClassVar[str] = "slow"
    version: ClassVar[str] = "1"

    def predict(self, input_data: str) -> int:
        seconds, _, name = input_data.partition(" ")
        if name:
            logger.info("begin %s", name, extra={"pid": os.getpid()})
        time.sleep(float(seconds))
        if name:
            logger.info("end %s", name)
        return os.getpid()


class SlowToLoad(Slow):
    """A model that takes a while to load."""

    def load(self) -> None:
        logger.info("begin to load")
        time.sleep(1)


class NeverLoaded(Slow):
    """A model that takes ten minutes to load."""

    def load(self) -> None:
        logger.info("begin to load")
        time.sleep(600)


class SlowBatch(Slow):
    """A model as slow as its slowest input; fails for poison, alone or in a batch."""

    def predict(self, input_data: str) -> int:
        if "poison" in input_data:
            raise ValueError("s3cr3t poison")
        return super().predict(input_data)

    def predict_batch(self, inputs: list[Any]) -> list[Any]:
        if any("poison" in input_data for input_data in inputs):
            raise ValueError("s3cr3t poison")
        return [self.predict(max(inputs))] * len(inputs)
