"""A model of which each load is another generation, and that fails when it is used too late."""

import itertools
import time
from collections.abc import Iterator
from typing import ClassVar

from ..config.base import Section
from .base import Model


class Generations(Model):
    """Return the version and the generation that predict."""

    class Options(Section):
        """Name of a version."""

        name: str = "none"
        """First word of each prediction."""

    model_name: ClassVar[str] = "generations"
    version: ClassVar[str] = "0"
    example: ClassVar[str] = "0"
    cache: ClassVar[bool] = False
    numbers: ClassVar[Iterator[int]] = itertools.count(1)

    def load(self) -> None:
        """Become the next generation, in a while."""
        time.sleep(0.02)
        self.text = f"{self.options.name} {next(self.numbers)}"
        self.is_loaded = True

    def predict(self, input_data: str) -> str:
        """Return the generation, after so many seconds."""
        self._check()
        time.sleep(float(input_data))
        self._check()
        return self.text

    def predict_stream(self, input_data: str) -> Iterator[str]:
        """Yield the generation five times."""
        for _ in range(5):
            yield self.predict(input_data)

    def unload(self) -> None:
        """Make each call fail that comes now or is under way."""
        self._check()
        self.is_loaded = False
        time.sleep(0.01)

    def _check(self) -> None:
        if not self.is_loaded:
            raise RuntimeError("the model is not loaded")
