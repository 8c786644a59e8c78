"""A model that would fail at every request is rejected at the start, with a reason in one line."""

# ruff: noqa: ARG001, ARG002, ARG005, N805 (models that ignore their input, and wrong ones)

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from pydantic import BaseModel, field_serializer
from src.app import create_app
from src.config.settings import Settings
from src.core.errors import ConfigError
from src.models.base import Model


class Point(BaseModel):
    x: float


class Unwritable(BaseModel):
    x: float

    @field_serializer("x")
    def _write(self, x):
        raise ValueError("cannot be written")


@dataclass
class Pair:
    a: int


class Array:
    """An array like NumPy's, which JSON cannot represent."""


def fails(model, **settings):
    """Return the reason why a model is not served."""
    failures = []
    try:
        app = create_app(
            Settings.model_validate(settings), model=model, on_load_failure=failures.append
        )
    except ConfigError as exc:
        return exc

    async def start():
        async with app.router.lifespan_context(app):
            await app.state.loading
            return app.state.inference_service.ready

    ready = asyncio.run(start())
    assert ready is not failures
    return failures[0] if failures else None


async def _awaitable(self, _=None):
    return 1


def _generator(self, _=None):
    yield 1


async def _async_generator(self, _=None):
    yield 1


def _typed(function):
    function.__annotations__ = {"_": str, "return": int}
    return function


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"predict": _async_generator}, ("Fake.predict has `yield`", "predict_stream")),
        ({"predict": _generator}, ("Fake.predict has `yield`", "predict_stream")),
        ({"predict_batch": _async_generator}, ("Fake.predict_batch has `yield`",)),
        ({"predict_stream": _awaitable}, ("Fake.predict_stream needs `yield`",)),
        ({"load": _generator}, ("Fake.load has `yield`",)),
        ({"unload": _async_generator}, ("Fake.unload has `yield`",)),
        ({"predict": _typed(_awaitable), "inline": True}, ("Fake: `inline` is for plain",)),
        ({"model_name": "a\nb"}, ("Fake: 'a\\nb' must be 1 to 128",)),
        ({"model_name": "a/b"}, ("Fake: 'a/b' must be 1 to 128",)),
        ({"model_name": ""}, ("Fake: '' must be 1 to 128",)),
        ({"model_name": "{name}"}, ("Fake: '{name}' must be 1 to 128",)),
        ({"version": "1\r\nx: y"}, ("must be 1 to 128",)),
        ({"version": "ü"}, ("must be 1 to 128",)),
        ({"model_name": 1}, ("needs strings `model_name`",)),
    ],
)
def test_model_of_a_shape_that_cannot_work_is_refused(members, words, model_of):
    failure = fails(model_of(str, int, lambda _: 1, **members))
    assert isinstance(failure, ConfigError)
    assert "\n" not in str(failure)
    for word in words:
        assert word in str(failure)


class Base(Model):
    model_name = "shape"
    version = "1"
    example = "x"


class KeywordOnly(Base):
    def predict(self, *, input_data: str) -> int:
        return 1


class NoSelf(Base):
    def predict(input_data: str) -> int:
        return 1


class TwoNeeded(Base):
    def predict(self, input_data: str, other) -> int:
        return 1


class WrongOneTyped(Base):
    def predict(self, input_data, other: str = "") -> int:
        return 1


class Attribute(Base):
    predict = 3


class Property(Base):
    @property
    def predict(self) -> int:
        return 1


@pytest.mark.parametrize(
    "kind", [KeywordOnly, NoSelf, TwoNeeded, WrongOneTyped, Attribute, Property]
)
def test_predict_that_cannot_be_called_with_one_input_is_refused(kind):
    failure = fails(kind())
    assert isinstance(failure, ConfigError), failure
    assert f"{kind.__name__} needs" in str(failure)


class Static(Base):
    @staticmethod
    def predict(input_data: str) -> int:
        return len(input_data)


class OfClass(Base):
    @classmethod
    def predict(cls, input_data: str) -> int:
        return len(input_data)


class WithDefault(Base):
    def predict(self, input_data: str, other=3) -> int:
        return other


class NamedFreely(Base):
    model_name = "My model (v2), 1.0+b"

    def predict(self, text: str = "") -> int:
        return 1


@pytest.mark.parametrize("kind", [Static, OfClass, WithDefault, NamedFreely])
def test_predict_that_can_be_called_is_served(kind):
    assert fails(kind()) is None


async def _later():
    return 1


RESULTS = [
    (int, "x", "str"),
    (int, None, "NoneType"),
    (int, 1.5, "float"),
    (float, float("nan"), "float"),
    (list[float], [1.0, float("inf")], "list"),
    (dict, {"a": float("nan")}, "dict"),
    (Any, Array(), "Array"),
    (Any, {"a": Array()}, "dict"),
    (Any, b"\xff", "bytes"),
    (str, "\ud800", "str"),
    (list[int], ["x"] * 200_000, "list"),
    (list[list[int]], [["x"]] * 2000, "list"),
    (Point, {"y": 1}, "dict"),
    (list[Point], [Point(x=float("nan"))], "list"),
    (Unwritable, Unwritable(x=1), "Unwritable"),
]


@pytest.mark.parametrize("number", range(len(RESULTS)))
@pytest.mark.filterwarnings("ignore:coroutine")
def test_warm_up_holds_the_result_to_the_declared_type(number, model_of):
    gives, result, returned = RESULTS[number]
    failure = fails(model_of(str, gives, lambda _: result, example="x"))
    assert isinstance(failure, ConfigError), failure
    assert "\n" not in str(failure)
    assert len(str(failure)) < 300
    assert str(failure).startswith("Fake.predict is declared to return ")
    assert f"but returned {returned}: " in str(failure)


@pytest.mark.filterwarnings("ignore:coroutine")
def test_coroutine_that_a_plain_function_returns_is_refused(model_of):
    failure = fails(model_of(str, int, lambda _: _later(), example="x"))
    assert "returned coroutine" in str(failure)


@pytest.mark.parametrize(
    ("takes", "example"),
    [(str, 1), (int, "1"), (list[float], ["1"]), (Point, {"y": 1}), (Point, 1), (date, "soon")],
)
def test_example_of_another_type_is_refused(takes, example, model_of):
    failure = fails(model_of(takes, int, lambda _: 1, example=example))
    assert isinstance(failure, ConfigError)
    assert str(failure).startswith(
        "Fake.example is not a valid input of Fake.predict, which takes "
    )


@pytest.mark.parametrize(
    ("takes", "example", "seen"),
    [
        (list[float], [3, 85, 1998], [3.0, 85.0, 1998.0]),
        (list[float], (1.0, 2.0), [1.0, 2.0]),
        (Point, {"x": 1}, Point(x=1)),
        (Point, Point(x=1), Point(x=1)),
        (date, "2026-01-01", date(2026, 1, 1)),
        (date, date(2026, 1, 1), date(2026, 1, 1)),
        (Pair, Pair(1), Pair(1)),
        (bytes, b"abc", b"abc"),
    ],
)
def test_example_may_be_written_as_in_json(takes, example, seen, model_of):
    model = model_of(takes, int, lambda _: 1, example=example)
    assert fails(model) is None
    assert model.calls == [seen]


@pytest.mark.parametrize(
    ("batch", "words"),
    [
        (lambda self, inputs: [1], "Fake.predict_batch returned 1 results for 2 inputs"),
        (lambda self, inputs: ["x", "y"], "Fake.predict_batch is declared to return list[int]"),
        (lambda self, inputs: [1, float("nan")], "Fake.predict_batch is declared to return"),
    ],
)
def test_warm_up_holds_batches_to_the_declared_type(batch, words, model_of):
    failure = fails(model_of(str, int, lambda _: 1, example="x", predict_batch=batch))
    assert isinstance(failure, ConfigError), failure
    assert words in str(failure)


def test_warm_up_holds_the_first_part_to_the_declared_type(model_of):
    def stream(self, input_data: str) -> Iterator[str]:
        yield 1

    failure = fails(model_of(str, str, lambda _: "x", example="x", predict_stream=stream))
    assert "Fake.predict_stream is declared to return str, but returned int" in str(failure)


def test_model_without_an_example_is_named_once(model_of, log):
    assert fails(model_of(str, int, lambda _: 1)) is None
    lines = log.getvalue().splitlines()
    assert len([line for line in lines if "Not warmed up: Fake has no example" in line]) == 1
