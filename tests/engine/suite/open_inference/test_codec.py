"""Inputs from tensors are checked against the model's own declaration."""

import datetime
import json
from typing import Annotated, Any, NamedTuple

import pytest
from annotated_types import Gt
from pydantic import BaseModel

from src.core.errors import InvalidInputError
from src.models.base import Signature
from src.services.tensors.codec import ModelTensors
from src.services.tensors.elements import Tensor
from src.services.tensors.layout import check_layout

Positive = Annotated[int, Gt(0)]
MANY = json.dumps({f"n{number}": 0 for number in range(150)})


class Size(NamedTuple):
    width: Positive
    height: int


class Numbers(BaseModel):
    numbers: list[Positive]


class Order(BaseModel):
    day: datetime.date
    size: Size
    image: bytes = b""


def read(kind, *tensors):
    model = ModelTensors(Signature(kind, str))
    layouts = check_layout(model.inputs, [Tensor(*tensor) for tensor in tensors], 9)
    return model.read(layouts, [data for *_, data in tensors])


def test_inputs_are_of_the_declared_class():
    days = ("day", "BYTES", [2], ["2026-01-02", "2026-01-03"])
    sizes = ("size", "INT64", [2, 2], [1, 2, 3, 4])
    assert read(Order, days, sizes) == [
        Order(day=datetime.date(2026, 1, 2), size=Size(1, 2)),
        Order(day=datetime.date(2026, 1, 3), size=Size(3, 4)),
    ]


@pytest.mark.parametrize(
    ("kind", "tensors", "problem"),
    [
        (Order, [("day", "BYTES", [1], ["x"]), ("size", "INT64", [1, 2], [1, 2])], "input 0.day: "),
        (
            Order,
            [
                ("day", "BYTES", [2], ["2026-01-02"] * 2),
                ("size", "INT64", [2, 2], [1, 2, 0, 4]),
            ],
            "input 1.size.0: Input should be greater than 0",
        ),
        (Size, [("input", "INT64", [2, 2], [1, 2, 0, 4])], "input 1.0: Input should be greater"),
        (list[list[Positive]], [("input", "INT64", [1, 2, 150], [0] * 300)], "input 0.0.0: "),
        (Numbers, [("numbers", "INT64", [1, 150], [0] * 150)], "input 0.numbers.0: "),
        (dict[str, Positive], [("input", "BYTES", [1], [MANY])], "more than 100 errors"),
    ],
)
def test_input_that_the_model_declares_otherwise_is_refused(kind, tensors, problem):
    with pytest.raises(InvalidInputError, match=problem):
        read(kind, *tensors)


def test_bytes_beside_a_mistake_do_not_hide_it():
    image = b"\x01\0\0\0\xff"
    wrong: Any = [("day", "BYTES", [1], ["x"]), ("size", "INT64", [1, 2], [1, 2])]
    with pytest.raises(InvalidInputError, match="input 0"):
        read(Order, *wrong, ("image", "BYTES", [1], image))


def test_predictions_are_told_as_json_would():
    tensors = ModelTensors(Signature(str, Order))
    size, day = Size(1, 2), datetime.date(2026, 1, 2)
    written = tensors.write([Order(day=day, size=size)])
    assert [tensor.data for tensor in written] == [["2026-01-02"], [1, 2], [b""]]
