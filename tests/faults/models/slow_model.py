"""Models that take their time, in a thread."""

import logging
import os
import time
from typing import Any, ClassVar

from .base import Model

logger = logging.getLogger(__name__)


class Slow(Model):
    """Sleeps as many seconds as its input begins with; tells in the log when, and gives its pid."""

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
    """Takes a while to load."""

    def load(self) -> None:
        logger.info("begin to load")
        time.sleep(1)


class SlowBatch(Slow):
    """Takes as long as its slowest input; refuses a batch with poison in it, and the poison."""

    def predict(self, input_data: str) -> int:
        if "poison" in input_data:
            raise ValueError("s3cr3t poison")
        return super().predict(input_data)

    def predict_batch(self, inputs: list[Any]) -> list[Any]:
        if any("poison" in input_data for input_data in inputs):
            raise ValueError("s3cr3t poison")
        return [self.predict(max(inputs))] * len(inputs)
