"""Models for the tests of processes, which import them by name."""

import logging
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

from src.core.errors import ConfigError, InvalidInputError, TransientModelError
from src.core.logger import log_context
from src.core.request import current_request
from src.models.base import Model


class LocalError(Exception):
    """An exception that pickle can write, but not read."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} {second}")


class Worker(Model):
    """A model that does what its input says; a number of milliseconds keeps it busy."""

    model_name: ClassVar[str] = "worker"
    version: ClassVar[str] = "1"
    cache: ClassVar[bool] = False
    loaded: list[str]

    def load(self) -> None:
        self.loaded = [str(self.artifact)]

    def predict(self, input_data: str) -> str:
        if input_data.isdigit():
            ends = time.monotonic() + int(input_data) / 1000
            while time.monotonic() < ends:
                pass
            return input_data
        said: str = getattr(self, f"_{input_data}")()
        return said

    def _pid(self) -> str:
        return str(os.getpid())

    def unload(self) -> None:
        logging.getLogger(Model.__module__).info("unloaded")

    def _artifact(self) -> str:
        return self.loaded[0]

    def _die(self) -> str:
        os._exit(7)

    def _hang(self) -> str:
        while True:
            pass

    def _regex(self) -> str:
        """Hang in C code that never lets go of the interpreter."""
        return str(re.match(r"(a+)+$", "a" * 40 + "b"))

    def _log(self) -> str:
        logging.getLogger(Model.__module__).warning("said by the model")
        return "logged"

    def _leave(self) -> str:
        sys.exit(3)

    def _value(self) -> str:
        raise KeyError("value")

    def _local(self) -> str:
        raise LocalError("only", "here")

    def _invalid(self) -> str:
        raise InvalidInputError("not this")

    def _transient(self) -> str:
        raise TransientModelError("not now")

    def _unpicklable(self) -> Any:
        return lambda: None

    def _request(self) -> str:
        return f"{current_request().id} {log_context.get()}"

    def _modules(self) -> str:
        return " ".join(sorted({"fastapi", "uvicorn", "src.main"} & {*sys.modules}))

    def _descriptors(self) -> str:
        found = 0
        for descriptor in Path("/proc/self/fd").iterdir():
            with suppress(FileNotFoundError):  # that of the list itself
                found += str(descriptor.readlink()).startswith("socket:")
        return str(found)


class Batches(Worker):
    """The same for several inputs, in the process of each batch."""

    def predict_batch(self, inputs: list[str]) -> Iterator[Any]:
        for text in inputs:
            try:
                yield f"{self.predict(text)} of {len(inputs)} in {os.getpid()}"
            except LocalError as exc:
                yield exc


class Streams(Worker):
    """The same for each word, in chunks; the file `artifact` says when a stream was closed."""

    def predict_stream(self, input_data: str) -> Iterator[str]:
        try:
            for word in input_data.split():
                yield self.predict(word)
        finally:
            if self.artifact:
                self.artifact.write_text(input_data)


class Large(Model):
    """A model that returns its bytes twice."""

    model_name: ClassVar[str] = "large"
    version: ClassVar[str] = "1"
    cache: ClassVar[bool] = False

    def predict(self, input_data: bytes) -> list[bytes]:
        return [input_data, input_data]


class Broken(Worker):
    """A model that cannot be loaded."""

    def load(self) -> None:
        raise ConfigError("no artifact")


class Crashing(Worker):
    """A model whose process ends while it loads."""

    def load(self) -> None:
        os._exit(5)


class Inline(Worker):
    inline: ClassVar[bool] = True


class Async(Worker):
    async def load(self) -> None:  # type: ignore[override]
        """Wait for nothing."""
