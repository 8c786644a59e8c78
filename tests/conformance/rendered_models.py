"""Models for a rendered service: numbers, every datatype both ways, and text in parts."""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from annotated_types import Len
from pydantic import BaseModel

from .base import Model
from .datatypes import (
    FP16,
    FP32,
    FP64,
    INT8,
    INT16,
    INT32,
    INT64,
    UINT8,
    UINT16,
    UINT32,
    UINT64,
)


class Numbers(Model):
    """Adds up four numbers."""

    model_name: ClassVar[str] = "numbers"
    version: ClassVar[str] = "1.0.0"

    def predict(self, input_data: Annotated[list[float], Len(4, 4)]) -> float:
        """Add up."""
        return sum(input_data)


class Everything(BaseModel):
    """A field of every datatype, and of several shapes."""

    bool_: bool
    uint8: UINT8
    uint16: UINT16
    uint32: UINT32
    uint64: UINT64
    int8: INT8
    int16: INT16
    int32: INT32
    int64: INT64
    fp16: FP16
    fp32: FP32
    fp64: FP64
    text: str
    texts: list[str]
    matrix: list[Annotated[list[FP32], Len(2, 2)]]
    left_out: FP32 = 0


class EveryDatatype(Model):
    """Gives what it takes."""

    model_name: ClassVar[str] = "everything"
    version: ClassVar[str] = "1.0.0"
    inline: ClassVar[bool] = True

    def predict(self, input_data: Everything) -> Everything:
        """Give it back."""
        return input_data


class Prompt(BaseModel):
    """A text, and how often it is wanted."""

    text_input: str
    times: int = 2


class Words(Model):
    """Says a text several times, in parts."""

    model_name: ClassVar[str] = "words"
    version: ClassVar[str] = "1.0.0"
    example: ClassVar[Any] = Prompt(text_input="good")

    def predict(self, input_data: Prompt) -> str:
        """Say it in one piece."""
        return "".join(self.predict_stream(input_data))

    def predict_stream(self, input_data: Prompt) -> Iterator[str]:
        """Say it in parts."""
        for _ in range(min(input_data.times, 9)):
            yield input_data.text_input
