"""Services that record into a folder, the records, and functions that redact them."""

import json
import sys
from collections import Counter
from types import ModuleType
from typing import Any, ClassVar

import src as package
from src.core.errors import InvalidInputError
from src.services.observer import Observer
from tests.conftest import TextModel


class Picky(TextModel):
    """Reject `bad`, fail for `broken`."""

    cache: ClassVar[bool] = False

    def predict(self, input_data: str) -> str:
        if input_data == "bad":
            raise InvalidInputError("not this one")
        if input_data == "broken":
            raise ValueError(f"a secret: {input_data}")
        return super().predict(input_data)


class Counts(Observer):
    """Count records, and take them."""

    def __init__(self) -> None:
        self.results: Counter[str] = Counter()
        self.taken: list[dict[str, Any]] = []

    def on_recordings(self, result, number):
        self.results[result] += number

    def on_record(self, record):
        self.taken.append(record)


def watch(client):
    """Return the counts of the service."""
    counts = Counts()
    client.app.state.inference_service.observer = counts
    return counts


def records(folder):
    """Return the records of all files, in order."""
    texts = [file.read_text("utf-8") for file in sorted(folder.glob("predictions-*.jsonl"))]
    return [json.loads(line) for text in texts for line in text.splitlines()]


def recording(folder, **settings):
    """Return settings that record all predictions."""
    return {"recording": {"sample": 1, "path": str(folder), **settings}}


def redact_with(function):
    """Return the setting that names a function of yours."""
    module: Any = ModuleType(f"{package.__name__}.services.own_redaction")
    module.redact = function
    sys.modules[module.__name__] = module
    return {"redact": "own_redaction:redact"}
