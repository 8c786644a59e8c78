"""Two models of one service: one that returns at once, and one that takes its time."""

import time
from typing import ClassVar

from .base import Model


class FastModel(Model):
    """Return the length of a text."""

    model_name: ClassVar[str] = "fast"
    version: ClassVar[str] = "1.0.0"
    cache: ClassVar[bool] = False
    example: ClassVar[str] = "warm"

    def predict(self, input_data: str) -> int:
        """Return the length."""
        return len(input_data)


class SlowModel(FastModel):
    """Do the same in 50 ms, as a call of another program would."""

    model_name: ClassVar[str] = "slow"

    def predict(self, input_data: str) -> int:
        """Return the length."""
        time.sleep(0.05)
        return len(input_data)
