"""The tensors for each declared type."""

import datetime
from collections.abc import Sequence
from typing import Annotated, Any, Literal, NamedTuple

import pytest
from annotated_types import Len
from pydantic import BaseModel
from typing_extensions import TypeAliasType

from src.models.datatypes import FP16, FP64, INT8, UINT8
from src.services.tensors.spec import describe_type

Tree = TypeAliasType("Tree", "list[Tree]")


class Point(NamedTuple):
    x: float
    y: float


class Node(BaseModel):
    children: list["Node"]


class Request(BaseModel):
    image: bytes
    threshold: FP16 = 0.5
    label: str | None = None
    point: Point
    options: dict[str, int] = {}


def described(kind, mode: Any = "validation"):
    return [(s.name, s.datatype, [*s.shape]) for s in describe_type(kind, "it", mode).specs]


@pytest.mark.parametrize(
    ("kind", "datatype", "shape"),
    [
        (str, "BYTES", []),
        (bytes, "BYTES", []),
        (Literal["a", "b"], "BYTES", []),
        (datetime.date, "BYTES", []),
        (bool, "BOOL", []),
        (int, "INT64", []),
        (float, "FP32", []),
        (FP64, "FP64", []),
        (UINT8, "UINT8", []),
        (list[float], "FP32", [-1]),
        (Sequence[INT8], "INT8", [-1]),
        (Annotated[list[float], Len(4, 4)], "FP32", [4]),
        (Annotated[list[float], Len(1, 4)], "FP32", [-1]),
        (tuple[float, float, float], "FP32", [3]),
        (Annotated[list[Annotated[list[int], Len(2, 2)]], Len(3, 3)], "INT64", [3, 2]),
        (Point, "FP32", [2]),
    ],
)
def test_type_that_a_tensor_holds(kind, datatype, shape):
    assert described(kind) == [("it", datatype, shape)]


@pytest.mark.parametrize(
    "kind", [dict[str, float], tuple[int, str], list[Node], int | str, float | None, Any, Tree]
)
def test_type_that_no_tensor_holds_travels_as_json(kind):
    (spec,) = describe_type(kind, "it").specs
    assert (spec.datatype, spec.shape, spec.is_json) == ("BYTES", (), True)


def test_class_has_a_tensor_for_each_field():
    form = describe_type(Request, "it")
    assert form.has_fields
    assert described(Request) == [
        ("image", "BYTES", []),
        ("threshold", "FP16", []),
        ("label", "BYTES", []),
        ("point", "FP32", [2]),
        ("options", "BYTES", []),
    ]
    assert [spec.name for spec in form.specs if spec.is_required] == ["image", "point"]
    assert [spec.name for spec in form.specs if spec.is_json] == ["options"]
    assert [spec.name for spec in form.specs if spec.is_raw] == ["image"]


def test_field_that_may_be_none_is_json_where_it_cannot_be_left_out():
    specs = describe_type(Request, "it", "serialization").specs
    assert [spec.name for spec in specs if spec.is_json] == ["label", "options"]
    assert all(spec.is_required for spec in specs)
