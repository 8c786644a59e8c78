"""Lines of the log cost what they show, and the reason of a failure is not cut off."""

import asyncio
import os
import statistics
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from asgi import post
from pydantic import BaseModel, Field
from src.app import create_app
from src.config.settings import Settings
from src.core.logger import configure_logging
from src.services.prediction_log import PredictionLog

HUGE = 3_000_000


class Upload(BaseModel):
    name: str
    content: Any
    password: str = Field(default="hidden", repr=False)


@dataclass
class Record:
    content: Any
    password: str = field(default="hidden", repr=False)


class Array:
    """An array like NumPy's: it has a length, and its text is made of all elements."""

    def __len__(self):
        return HUGE

    def __repr__(self):
        raise AssertionError("the text was made of all elements")


class Unwell:
    def __repr__(self):
        raise ValueError("no text")


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


TEXT = "a" * HUGE
VALUES = {
    "text": TEXT,
    "bytes": TEXT.encode(),
    "bytearray": bytearray(HUGE),
    "list": [1.5] * HUGE,
    "tuple": (1.5,) * HUGE,
    "set": set(range(HUGE)),
    "dict": dict.fromkeys(range(HUGE)),
    "long key": {TEXT: 1},
    "list of texts": [TEXT] * 3,
    "list of bytes": [TEXT.encode()] * 3,
    "class": Upload(name="x", content=TEXT),
    "class in a list": [Upload(name="x", content=TEXT.encode())],
    "class of classes": Upload(name="x", content=Upload(name="y", content=[1.5] * HUGE)),
    "dataclass": Record(TEXT),
    "array": Array(),
    "array in a class": Upload(name="x", content=Array()),
    "exception": ValueError(TEXT),
    "exception with a list": ValueError([TEXT] * 3, list(range(HUGE))),
    "nested": nested(100_000),
    "wide and deep": [[[[[[list(range(100))] * 100] * 100] * 100] * 100] * 100] * 100,
}


@pytest.fixture
def line(log):
    def write(value, level=20):
        PredictionLog("m@1", show_values=True).line(level, "Shown: %s", value)
        return log.getvalue().splitlines()[-1].partition("Shown: ")[2].partition(" model=")[0]

    return write


@pytest.mark.parametrize("name", VALUES)
def test_line_costs_what_it_shows(name, line):
    value = VALUES[name]
    seconds = []
    for _ in range(5):
        started = time.process_time()
        line(value)
        seconds.append(time.process_time() - started)
    assert min(seconds) < 0.0015, seconds


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([1.0, 2.0], "[1.0, 2.0]"),
        ({"a": 1, 2: [None, True]}, "{'a': 1, 2: [None, True]}"),
        (b"abc", "b'abc'"),
        (Upload(name="x", content=1), "Upload(name='x', content=1)"),
        (Record(1), "Record(content=1)"),
        (Array(), "<Array>"),
        (Unwell(), "<Unwell>"),
        ([Unwell()], "<list>"),
        pytest.param(10**5000, "<int>", id="digits"),
        ("a" * 60, "a" * 50),
        ([1.5] * 60, str([1.5] * 60)[:50]),
        (ValueError("x" * 1000), f"ValueError('{'x' * 1000}')"),
        (OSError(2, "No such file"), "FileNotFoundError(2, 'No such file')"),
    ],
)
def test_what_is_shown(value, text, line):
    assert line(value) == text


def test_message_of_an_exception_is_cut_at_2000(line):
    assert len(line(ValueError("x" * 10_000))) in range(1900, 2001)


@pytest.mark.parametrize("takes", [str, Upload])
def test_6_mb_cost_at_most_a_third_more_with_lines_and_cache(takes, model_of):
    """Measured in CPU time, both variants alternately, from the body's chunks to the response."""
    model = model_of(takes, int, lambda _: 1, calls=deque(maxlen=0))
    off = {"log_level": "ERROR", "model": {"cache_size": 0}}
    seconds = {"INFO": [], "ERROR": []}
    with Path(os.devnull).open("w") as nowhere, asyncio.Runner() as runner:
        apps = []
        for settings in ({}, off):
            apps.append(create_app(Settings.model_validate(settings), model=model))
            runner.run(apps[-1].state.inference_service.start())
        for number in range(15):
            text = f"{number:06}" * 1_000_000
            value = f'{{"name":"x","content":"{text}"}}' if takes is Upload else f'"{text}"'
            body = f'{{"input":{value}}}'.encode()
            for app, level in zip(apps, seconds, strict=True):
                configure_logging(Settings(log_level=level), nowhere)
                started = time.process_time()
                assert runner.run(post(app, body)) == 200
                seconds[level].append(time.process_time() - started)
    configure_logging(Settings())
    with_both, without = (statistics.median(values) for values in seconds.values())
    assert with_both < 1.3 * without
