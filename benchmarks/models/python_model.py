"""A model that computes in Python for about 20 ms."""

from typing import ClassVar

from .base import Model

ROUNDS = 200_000


class PythonModel(Model):
    """A checksum of a text; the same lines as in `benchmarks/peers/common/predictors.py`."""

    model_name: ClassVar[str] = "python"
    version: ClassVar[str] = "1.0.0"
    cache: ClassVar[bool] = False
    example: ClassVar[str] = "warm"

    def predict(self, input_data: str) -> int:
        """Return the checksum of a text; of `-`, nothing, for the cost of a call."""
        found = len(input_data)
        for number in range(ROUNDS if input_data != "-" else 0):
            found = (found * 31 + number) & 0xFFFF
        return found
