"""Models for tests of versions: large, made of many objects, slow, and in chunks."""

import random
import time
from array import array
from collections.abc import Iterator
from typing import Any, ClassVar

from ..config.base import Section
from .base import Model


class Arrays(Model):
    """Numbers in one block of memory; the version that predicts is the prediction."""

    class Options(Section):
        """Options of a version."""

        name: str = "one"
        """Prediction for each input."""
        megabytes: int = 30
        """Size of the model."""
        loads_s: float = 0
        """Time of a load."""
        seconds: float = 0
        """Time of a prediction."""
        hangs_s: float = 0
        """Time of a prediction for the text `hang`."""

    model_name: ClassVar[str] = "arrays"
    version: ClassVar[str] = "0"
    example: ClassVar[str] = "x"
    cache: ClassVar[bool] = False

    def load(self) -> None:
        """Fill the memory."""
        time.sleep(self.options.loads_s)
        self.content: Any = array("d", [1.0]) * (self.options.megabytes * 131_072)
        self.me = self  # a cycle, as real models have
        self.state = "in use"

    def predict(self, input_data: str) -> str:
        """Return the name of this version."""
        time.sleep(self.options.hangs_s if input_data == "hang" else self.options.seconds)
        if self.state != "in use" or self.content[-1] != 1.0:
            raise RuntimeError("the model was unloaded while it was in use")
        return str(self.options.name)

    def predict_stream(self, input_data: str) -> Iterator[str]:
        """Yield the name of this version ten times."""
        for _ in range(10):
            yield self.predict(input_data)
            time.sleep(0.05)

    def unload(self) -> None:
        """Make a call after the end fail."""
        self.state = "unloaded"


class Objects(Arrays):
    """Many small objects, as in a vocabulary."""

    model_name: ClassVar[str] = "objects"

    def load(self) -> None:
        """Fill the memory with tuples and texts."""
        numbers = random.Random(1)
        words = (f"word-{numbers.random()}" for _ in range(150_000))
        self.content = {word: (index, word.upper()) for index, word in enumerate(words)}
        self.me, self.state = self, "in use"

    def predict(self, input_data: str) -> str:
        """Return the number of words."""
        return f"{len(self.content)}{input_data[:0]}"


class Fast(Arrays):
    """A model of microseconds, in a thread."""

    model_name: ClassVar[str] = "fast"

    def predict(self, input_data: str) -> str:
        """Return the input."""
        return input_data
