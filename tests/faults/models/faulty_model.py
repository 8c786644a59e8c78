"""Models that fail in every way a model can."""

import logging
import re
import time
from asyncio import CancelledError
from typing import Any, ClassVar

from .base import Model

logger = logging.getLogger(__name__)


class Faulty(Model):
    """A model that fails as its input says."""

    model_name: ClassVar[str] = "faulty"
    version: ClassVar[str] = "1"

    def predict(self, input_data: str) -> float:
        return getattr(self, f"_{input_data}", self._well)()

    def _well(self) -> float:
        return 1.0

    def _raise(self) -> float:
        raise RuntimeError("s3cr3t internals")

    def _raise_much(self) -> float:
        raise RuntimeError("x" * 1_000_000)

    def _leave(self) -> float:
        raise SystemExit(3)

    def _interrupt(self) -> float:
        raise KeyboardInterrupt

    def _cancel(self) -> float:
        raise CancelledError

    def _stop(self) -> float:
        raise StopIteration

    def _memory(self) -> float:
        return len(bytearray(10**15))

    def _recurse(self) -> float:
        return self._recurse()

    def _log_much(self) -> float:
        logger.info("much\nto say", extra={"field": "y" * 1_000_000, "forged": "a\nb - ERROR - c"})
        logger.info("z" * 1_000_000)
        return 1.0


class FaultyBatch(Faulty):
    """The same model for several inputs."""

    def predict_batch(self, inputs: list[Any]) -> list[Any]:
        return [self.predict(input_data) for input_data in inputs]


class FaultyInline(Faulty):
    """The same model on the event loop."""

    inline: ClassVar[bool] = True


class Wrong(Model):
    """A model that returns values that JSON cannot represent."""

    model_name: ClassVar[str] = "wrong"
    version: ClassVar[str] = "1"

    def predict(self, input_data: str) -> Any:
        return {
            "nan": float("nan"),
            "infinity": [1, float("-inf")],
            "nested nan": {"a": [{"b": float("nan")}]},
            "object": object(),
            "bytes": b"\xff\xfe",
            "surrogate": "\ud800",
            "function": print,
            "set of objects": {object()},
        }.get(input_data, "well")


class WrongShape(Model):
    """A model that declares two numbers and returns something else."""

    model_name: ClassVar[str] = "wrong_shape"
    version: ClassVar[str] = "1"

    def predict(self, input_data: str) -> tuple[float, float]:
        wrong = {"text": "text", "one": (1.0,), "three": (1.0, 2.0, 3.0), "none": None}
        return wrong.get(input_data, (1.0, float("nan")) if input_data == "nan" else (1.0, 2.0))


class Blocking(Model):
    """A model that blocks the event loop for as many seconds as its input says."""

    model_name: ClassVar[str] = "blocking"
    version: ClassVar[str] = "1"
    inline: ClassVar[bool] = True

    def predict(self, input_data: float) -> float:
        end = time.monotonic() + input_data
        while time.monotonic() < end:
            pass
        return input_data


class GilHolder(Model):
    """A model that holds the GIL forever: a regular expression that never comes to an end."""

    model_name: ClassVar[str] = "gil_holder"
    version: ClassVar[str] = "1"

    def predict(self, input_data: str) -> bool:
        return bool(re.match(r"(a+)+$", input_data))


class Unloadable(Faulty):
    """A model that cannot be loaded."""

    def load(self) -> None:
        raise OSError("the artifact is not there")
