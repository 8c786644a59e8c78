"""A model of numbers."""

from typing import ClassVar

from .base import Model


class Numbers(Model):
    """Adds up."""

    model_name: ClassVar[str] = "numbers"
    version: ClassVar[str] = "1"
    inline: ClassVar[bool] = True

    def predict(self, input_data: list[float]) -> float:
        return sum(input_data)


class Matrix(Numbers):
    """Adds up rows."""

    def predict(self, input_data: list[list[int]]) -> list[int]:
        return [sum(row) for row in input_data]
