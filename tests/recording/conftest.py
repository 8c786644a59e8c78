"""Services that record all predictions, in a folder of the test."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import yaml

from tools.service import Service, running

Serve = Callable[..., AbstractContextManager[Service]]

FEATURES = [
    *("batching", "hardening", "open_inference", "metrics", "uploads", "versions", "docker"),
    "recording",
]
WORDS = '''
from collections.abc import Iterator
from typing import Any, ClassVar

from ..config.base import Section
from .base import Model


class WordsModel(Model):
    """Return the words of a text, with an option before each."""

    class Options(Section):
        before: str = ""

    model_name: ClassVar[str] = "words"
    version: ClassVar[str] = "1"
    example: ClassVar[str] = "a b"
    options: Options

    def predict(self, input_data: str) -> str:
        return "".join(self.predict_stream(input_data))

    def predict_stream(self, input_data: str) -> Iterator[str]:
        for number, word in enumerate(input_data.split()):
            if word == "fail":
                raise ValueError(f"a secret: {input_data}")
            yield (" " if number else "") + self.options.before + word
'''


@pytest.fixture(scope="session")
def project(render) -> Path:
    """A render with the feature and those that it works with, and a model that streams."""
    folder: Path = render(features=FEATURES)
    (folder / "src/models/words_model.py").write_text(WORDS, "utf-8")
    return folder


@pytest.fixture
def serve(project, commands, tmp_path) -> Serve:
    """Serve a configuration: `with serve({"model": …}) as service`."""

    @contextmanager
    def start(config: object = None, **more: object) -> Iterator[Service]:
        (tmp_path / "config.yaml").write_text(yaml.safe_dump(config or {}), "utf-8")
        env = {
            "PATH": os.environ["PATH"],
            "CONFIG_PATH": str(tmp_path / "config.yaml"),
            "RECORDING__SAMPLE": "1",
            "RECORDING__PATH": str(tmp_path / "recordings"),
            "HARDENING__DRAIN_S": "0",
            **{name: str(value) for name, value in more.items()},
        }
        command = [str(commands / "python"), "src/main.py"]
        with running(command, cwd=project, env=env, log=tmp_path / "log") as service:
            yield service

    return start


@pytest.fixture
def read(tmp_path) -> Callable[[], dict[int, list[dict[str, object]]]]:
    """Return the records so far, by the id of the process that wrote them."""

    def records() -> dict[int, list[dict[str, object]]]:
        found: dict[int, list[dict[str, object]]] = {}
        for file in sorted((tmp_path / "recordings").glob("predictions-*.jsonl")):
            pid = int(file.stem.rpartition("-")[2])
            lines = file.read_text("utf-8").splitlines()
            found.setdefault(pid, []).extend(map(json.loads, lines))
        return found

    return records
