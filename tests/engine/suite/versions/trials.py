"""A model whose versions differ by options, and a service with several of them."""

import contextlib
import sys
import threading
from collections.abc import Iterator
from types import ModuleType
from typing import Any, ClassVar

from fastapi.testclient import TestClient

from src.app import create_app
from src.config.base import Section
from src.core.config import load_config
from src.models.base import Model
from tests.conftest import until


class Trial(Model):
    """Return an option, after the event of an option."""

    class Options(Section):
        """Prediction of a version, and how it fails."""

        answer: str = "none"
        """Prediction for each input."""
        fails: bool = False
        """Whether `load` fails."""
        hangs: str = ""
        """Name of the event that a prediction waits for."""

    model_name: ClassVar[str] = "trial"
    version: ClassVar[str] = "0"
    cache: ClassVar[bool] = False
    loaded: ClassVar[list["Trial"]] = []
    events: ClassVar[dict[str, threading.Event]] = {}
    calls: ClassVar[list[str]] = []

    def load(self) -> None:
        if self.options.fails:
            raise OSError("the disk is full")
        self.state = "in use"
        self.loaded.append(self)

    def predict(self, input_data: str) -> str:
        answer: str = self.options.answer
        self.calls.append(answer)
        if self.options.hangs:
            self.events.setdefault(self.options.hangs, threading.Event()).wait(60)
        if input_data == "fail":
            raise ValueError(answer)
        assert self.state == "in use"
        return answer

    def predict_stream(self, input_data: str) -> Iterator[str]:
        for index in range(int(input_data)):
            if index:
                self.events.setdefault("stream", threading.Event()).wait(60)
            yield self.options.answer

    def unload(self) -> None:
        self.state = "unloaded"
        self.loaded.remove(self)


class Numbers(Trial):
    """Other types than those of `Trial`."""

    def predict(self, input_data: list[float]) -> float:  # type: ignore[override]
        return sum(input_data)


class Renamed(Trial):
    """Another name than that of `Trial`."""

    model_name: ClassVar[str] = "renamed"


module: Any = ModuleType("src.models.trials")
module.Trial, module.Numbers, module.Renamed = Trial, Numbers, Renamed
sys.modules[module.__name__] = module


def write(folder, text):
    """Write the configuration, and return its folder."""
    (folder / "configs").mkdir(exist_ok=True)
    (folder / "configs/config.yaml").write_text(text, "utf-8")
    return folder


def read(folder, text):
    """Return the settings that a configuration has."""
    return load_config(write(folder, text))


@contextlib.contextmanager
def serve(folder, text):
    """Serve what a configuration says, once it is ready."""
    Trial.loaded.clear()
    Trial.events.clear()
    Trial.calls.clear()
    failures: list[Exception] = []
    app = create_app(read(folder, text), on_load_failure=failures.append)
    with TestClient(app) as client:
        until(lambda: failures or client.get("/ready").status_code == 200)
        app.state.failures = failures
        try:
            yield client
        finally:
            for event in Trial.events.values():
                event.set()


def predict(client, text="x", path="/predict", **headers):
    """Return the version that responded, and its prediction."""
    response = client.post(path, json={"input": text}, headers=headers)
    return response.headers.get("x-model-version"), response.json().get("prediction")
