"""Models for a rendered service: numbers, every datatype both ways, and text in chunks."""

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
    """A model that adds up four numbers."""

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
    """A model that returns its input."""

    model_name: ClassVar[str] = "everything"
    version: ClassVar[str] = "1.0.0"
    inline: ClassVar[bool] = True

    def predict(self, input_data: Everything) -> Everything:
        """Return the input."""
        return input_data


class Prompt(BaseModel):
    """A text, and how often to repeat it."""

    text_input: str
    times: int = 2


class Words(Model):
    """A model that repeats a text, in chunks."""

    model_name: ClassVar[str] = "words"
    version: ClassVar[str] = "1.0.0"
    example: ClassVar[Any] = Prompt(text_input="good")

    def predict(self, input_data: Prompt) -> str:
        """Return the text at once."""
        return "".join(self.predict_stream(input_data))

    def predict_stream(self, input_data: Prompt) -> Iterator[str]:
        """Yield the text in chunks."""
        for _ in range(min(input_data.times, 9)):
            yield input_data.text_input
