"""A model of numbers."""

from typing import Annotated, ClassVar

from annotated_types import Gt

from .base import Model
from .datatypes import UINT8


class Numbers(Model):
    """A model that adds up numbers."""

    model_name: ClassVar[str] = "numbers"
    version: ClassVar[str] = "1"
    inline: ClassVar[bool] = True

    def predict(self, input_data: list[float]) -> float:
        return sum(input_data)


class Positive(Numbers):
    """A model that adds up positive numbers."""

    def predict(self, input_data: list[list[Annotated[int, Gt(0)]]]) -> int:
        return sum(map(sum, input_data))


class Pixels(Numbers):
    """A model that adds up bytes."""

    def predict(self, input_data: list[UINT8]) -> int:
        return sum(input_data)


class Matrix(Numbers):
    """A model that adds up rows."""

    def predict(self, input_data: list[list[int]]) -> list[int]:
        return [sum(row) for row in input_data]
