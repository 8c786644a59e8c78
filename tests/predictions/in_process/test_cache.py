"""An input is never mistaken for another one, and the cache is bounded and private to its model."""

import gc
import tracemalloc
from collections import namedtuple
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any

import pytest
from pydantic import (
    BaseModel,
    Field,
    PlainSerializer,
    PrivateAttr,
    RootModel,
    SecretBytes,
    SecretStr,
    create_model,
    field_serializer,
    model_serializer,
)
from pydantic.dataclasses import dataclass as pydantic_dataclass
from src.services.prediction_cache import PredictionCache


class Secret(BaseModel):
    text: str
    token: SecretStr


class Excluded(BaseModel):
    shown: int = 0
    hidden: int = Field(default=0, exclude=True)


class Serialized(BaseModel):
    x: float

    @field_serializer("x")
    def _round(self, x):
        return round(x)


class SerializedWhole(BaseModel):
    x: int

    @model_serializer
    def _dump(self):
        return {}


class Private(BaseModel):
    x: int = 0
    _state: int = PrivateAttr(default=0)


class Root(RootModel[int]):
    pass


class OtherRoot(RootModel[int]):
    pass


class Open(BaseModel, extra="allow"):
    x: int = 0


class Colour(Enum):
    red = 1
    blue = 2


class Number(IntEnum):
    one = 1


@dataclass
class Stateful:
    x: int
    y: int = field(init=False, default=0)

    def with_state(self, y):
        self.y = y
        return self


@dataclass(slots=True)
class Slotted:
    x: int


@pydantic_dataclass
class Validated:
    x: int = 0


class Text(str):
    def __new__(cls, text, more):
        self = super().__new__(cls, text)
        self.more = more
        return self


class Opaque:
    def __init__(self, x):
        self.x = x


class Array:
    """An array-like of numbers: no part of it is an attribute."""

    def __init__(self, *values):
        self.values = values

    def __getstate__(self):
        return None


Pair = namedtuple("Pair", "a b")
Rounded = Annotated[float, PlainSerializer(lambda _: 0)]


def secret(token):
    return Secret(text="x", token=SecretStr(token))


def private(state):
    value = Private()
    value._state = state
    return value


DIFFERENT = {
    "SecretStr": (secret("a"), secret("b")),
    "SecretStr alone": (SecretStr("a"), SecretStr("b")),
    "SecretBytes": (SecretBytes(b"a"), SecretBytes(b"b")),
    "excluded field": (Excluded(hidden=1), Excluded(hidden=2)),
    "field serializer": (Serialized(x=1.1), Serialized(x=1.2)),
    "model serializer": (SerializedWhole(x=1), SerializedWhole(x=2)),
    "private attribute": (private(1), private(2)),
    "class": (Root(1), OtherRoot(1)),
    "extra": (Open(y=1), Open(y=2)),
    "fields set": (Open(x=0), Open()),
    "dataclass state": (Stateful(1).with_state(1), Stateful(1).with_state(2)),
    "dataclass slots": (Slotted(1), Slotted(2)),
    "pydantic dataclass": (Validated(1), Validated(2)),
    "dict and class": (Open(x=1), {"x": 1}),
    "bytes and str": (b"a", "a"),
    "bytes and bytearray": (b"a", bytearray(b"a")),
    "bytes and base64": (b"\xff", "_w=="),
    "int and float": (1, 1.0),
    "int and bool": (1, True),
    "int and text": (1, "1"),
    "zero": (0.0, -0.0),
    "tuple and list": ((1,), [1]),
    "set and list": ({1}, [1]),
    "nested": ([(1,)], [[1]]),
    "keys": ({1: "a"}, {"1": "a"}),
    "order": ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    "enum and value": (Colour.red, 1),
    "enums": (Colour.red, Colour.blue),
    "int enum and int": (Number.one, 1),
    "decimals": (Decimal("1.0"), Decimal("1.00")),
    "microseconds": (datetime(2026, 1, 1, 0, 0, 0, 1), datetime(2026, 1, 1)),
    "fold": (datetime(2026, 1, 1), datetime(2026, 1, 1, fold=1)),
    "zones": (
        datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))),
        datetime(2026, 1, 1, 0, tzinfo=UTC),
    ),
    "floats": (0.1 + 0.2, 0.3),
    "text with state": (Text("a", 1), Text("a", 2)),
    "opaque": (Opaque(1), Opaque(2)),
    "array": (Array(1), Array(2)),
    "named tuple": (Pair(1, 2), (1, 2)),
    "none": (None, "null"),
    "long": ("a" * 100, "a" * 101),
    "digest": ("#" + "a" * 32, b"#" + b"a" * 32),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_different_inputs_have_predictions_of_their_own(name, model_of, service_of, predict):
    first, second = DIFFERENT[name]
    model = model_of(Any, int, lambda _: len(model.calls))
    service = service_of(model)
    one, other, again = predict(service, first, second, first)
    assert one != other
    assert again in {one, 3}, "the same, or not cached at all"


@pytest.mark.parametrize(
    ("takes", "body", "other"),
    [
        (Secret, {"text": "x", "token": "a"}, {"text": "x", "token": "b"}),
        (Excluded, {"hidden": 1}, {"hidden": 2}),
        (list[Serialized], [{"x": 1.1}], [{"x": 1.2}]),
        (bytes | str, "a", "b"),
        (SecretStr, "a", "b"),
        (dict[str, SecretBytes], {"a": "b"}, {"a": "c"}),
        (Rounded, 1.5, 2.5),
    ],
)
def test_one_client_never_gets_the_prediction_of_another(takes, body, other, model_of, client_of):
    client = client_of(model := model_of(takes, int, lambda _: len(model.calls)))
    answers = [client.post("/predict", json={"input": b}).json() for b in (body, other)]
    assert answers == [{"prediction": 1}, {"prediction": 2}]


EQUAL = {
    "text": "a",
    "long text": "a" * 1000,
    "numbers": [1.5] * 1000,
    "class": Open(x=1, y=2),
    "nested": {"a": [Excluded(hidden=1), Stateful(1), Slotted(2), Validated(3)]},
    "enum": Colour.red,
    "time": datetime(2026, 1, 1, tzinfo=UTC),
    "decimal": Decimal("1.5"),
}


@pytest.mark.parametrize("name", EQUAL)
def test_equal_inputs_are_predicted_once(name, model_of, service_of, predict):
    import copy

    model = model_of(Any, int, lambda _: len(model.calls))
    inputs = [copy.deepcopy(EQUAL[name]) for _ in range(3)]
    assert predict(service_of(model), *inputs) == [1, 1, 1]


@pytest.mark.parametrize("text", ["a" * 200_000, b"a" * 200_000])
def test_long_input_is_kept_from_its_second_time_on(text, model_of, service_of, predict):
    other = text[:-1] + text[:0].join([text[:1].upper()])
    service = service_of(model := model_of(Any, int, lambda _: len(model.calls)))
    assert predict(service, text, other, text, text, other, other) == [1, 2, 3, 3, 4, 4]


def test_input_that_cannot_be_told_from_others_is_reported_once(model_of, service_of, predict, log):
    model = model_of(Secret, int, lambda _: 1)
    service = service_of(model)
    predict(service, *[secret(str(number)) for number in range(5)])
    lines = [line for line in log.getvalue().splitlines() if "cannot be cached" in line]
    assert len(lines) == 1
    assert "SecretStr" in lines[0]
    assert " - WARNING - " in lines[0]


@pytest.mark.parametrize(
    ("gives", "result", "change"),
    [
        (list[int], [1], lambda p: p.append(2)),
        (dict[str, list[int]], {"a": [1]}, lambda p: p["a"].append(2)),
        (dict, {"a": [1]}, lambda p: p["a"].append(2)),
        (Any, {"a": [1]}, lambda p: p.clear()),
        (Open, Open(x=1), lambda p: setattr(p, "x", 2)),
        (list[Open], [Open(x=1)], lambda p: setattr(p[0], "x", 2)),
        (Stateful, Stateful(1), lambda p: p.with_state(2)),
        (set[int], {1}, lambda p: p.add(2)),
    ],
)
def test_prediction_cannot_be_changed_by_who_gets_it(
    gives, result, change, model_of, service_of, predict
):
    import copy

    service = service_of(model := model_of(str, gives, lambda _: result))
    expected = copy.deepcopy(result)
    for _ in range(3):
        (prediction,) = predict(service, "x")
        assert prediction == expected
        change(prediction)
    assert len(model.calls) == 1
    assert result == expected, "what the model holds is its own"


@pytest.mark.parametrize("gives", [dict[str, str], dict, Any, dict[str, list[str]]])
def test_model_may_use_its_result_anew(gives, model_of, service_of, predict):
    result = {}

    def fill(text):
        result.update(a=[text] if "list" in str(gives) else text)
        return result

    first, _, again = predict(service_of(model_of(str, gives, fill)), "x", "y", "x")
    assert again == first == {"a": ["x"] if "list" in str(gives) else "x"}


def test_model_can_refuse_to_be_cached(model_of, service_of, predict):
    model = model_of(str, int, lambda _: len(model.calls), cache=False)
    assert predict(service_of(model), "x", "x", "x") == [1, 2, 3]


def test_what_is_kept_is_bounded_in_bytes(model_of, service_of, predict):
    model = model_of(int, str, lambda number: str(number % 10) * 1000)
    service = service_of(model, model={"cache_size": 1000, "cache_bytes": 20_000})
    predict(service, *range(100))
    predict(service, *range(99, 82, -1))
    assert len(model.calls) == 100
    predict(service, 0)
    assert len(model.calls) == 101


def test_prediction_larger_than_the_bound_is_given_and_not_kept(model_of, service_of, predict):
    model = model_of(int, str, lambda _: "a" * 1000)
    service = service_of(model, model={"cache_bytes": 500})
    assert predict(service, 1, 1) == ["a" * 1000] * 2
    assert len(model.calls) == 2


@pytest.mark.parametrize("gives", [int, str])
def test_hundred_uploads_of_6_mb_leave_no_more_than_the_bound(gives, model_of, service_of, predict):
    service = service_of(model_of(str, gives, lambda text: gives is int or text, calls=Forget()))
    gc.collect()
    tracemalloc.start()
    for number in range(100):
        predict(service, f"{number:06}" * 1_000_000)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 20_000_000


class Forget(list):
    def append(self, _):
        pass


def test_class_is_not_taken_for_another_after_an_input_that_cannot_be_identified():
    celsius, fahrenheit = (
        create_model(name, value=(float, ...)) for name in ("Celsius", "Fahrenheit")
    )
    cache = PredictionCache(10, 10_000)
    first = cache.key([celsius(value=20)])
    assert first is not None
    assert cache.key([celsius(value=1)] * 201) is None
    assert cache.key([fahrenheit(value=20)]) != first
    assert cache.key([celsius(value=20)]) == first
