"""Models of many kinds for one service: files, objects, text that is streamed, coroutines."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, Field

from ..config.base import Section
from .base import Model

BITMAP = b"BM"  # how each file begins that `Bitmaps` takes and returns


class Echo(Model):
    """Return a text, whole or by its words, for one request or for many in one call."""

    model_name: ClassVar[str] = "echo"
    version: ClassVar[str] = "1"
    example: ClassVar[str] = "a few words"

    def predict(self, input_data: str) -> str:
        """Return the text."""
        return input_data

    def predict_batch(self, inputs: list[str]) -> list[str]:
        """Return the texts."""
        return inputs

    def predict_stream(self, input_data: str) -> Iterator[str]:
        """Yield the words."""
        yield from input_data.split()[:9]


class Question(BaseModel):
    """A text that was asked, and how long the response may be."""

    text: str
    words: int = Field(default=2, ge=1, le=9)


class Assistant(Model):
    """Respond on the event loop, as a client of another service does."""

    model_name: ClassVar[str] = "assistant"
    version: ClassVar[str] = "1"
    cache: ClassVar[bool] = False

    async def predict(self, input_data: Question) -> dict[str, str]:
        """Return a response."""
        await asyncio.sleep(0.001)
        return {"response": "yes " * input_data.words}

    async def predict_stream(self, input_data: Question) -> AsyncIterator[str]:
        """Yield its words."""
        for _ in range(input_data.words):
            await asyncio.sleep(0.001)
            yield "yes"


class Bitmaps(Model):
    """Turn a file around."""

    model_name: ClassVar[str] = "bitmaps"
    version: ClassVar[str] = "1"
    media_types: ClassVar[tuple[str, ...]] = ("image/bmp",)
    output_media_type: ClassVar[str] = "image/bmp"

    def predict(self, input_data: Annotated[bytes, Field(max_length=1000)]) -> bytes:
        """Return its bytes, last first."""
        return BITMAP + input_data.removeprefix(BITMAP)[::-1]


class House(BaseModel):
    """Features of a house."""

    rooms: int = Field(ge=1)
    heated: bool


class Price(BaseModel):
    """A price, and how sure it is."""

    price: float
    interval: list[float]


class Houses(Model):
    """Estimate the price of a house."""

    model_name: ClassVar[str] = "houses"
    version: ClassVar[str] = "1"
    example: ClassVar[House] = House(rooms=3, heated=True)

    def predict(self, input_data: House) -> Price:
        """Return a price of its rooms."""
        price = 1000.0 * input_data.rooms
        return Price(price=price, interval=[price - 10, price + 10])


class Flags(Model):
    """Count flags."""

    model_name: ClassVar[str] = "flags"
    version: ClassVar[str] = "1"
    inline: ClassVar[bool] = True

    def predict(self, input_data: list[bool]) -> dict[str, int]:
        """Return how many are set."""
        return {"set": sum(input_data)}


class Mood(Model):
    """Return a text that each version has in its options."""

    class Options(Section):
        """Text of a version."""

        mood: str = "none"
        """Prediction for each input."""

    model_name: ClassVar[str] = "mood"
    version: ClassVar[str] = "0"
    example: ClassVar[Any] = "x"
    cache: ClassVar[bool] = False

    def predict(self, input_data: str) -> str:  # noqa: ARG002
        """Return the mood of this version."""
        return str(self.options.mood)
