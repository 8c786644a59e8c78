"""Values to tensors and back, and tensors that differ from their declaration."""

import struct
from typing import Any

import pytest
from pydantic import BaseModel

from src.core.errors import InvalidInputError, PredictionError
from src.models import datatypes
from src.models.datatypes import FP16, UINT8
from src.services.tensors.binary import FORMATS
from src.services.tensors.elements import Tensor, pack
from src.services.tensors.layout import check_layout, to_tensors, to_values
from src.services.tensors.spec import describe_type

EXTREMES: dict[str, list[Any]] = {
    "BOOL": [True, False],
    "UINT8": [0, 255],
    "UINT16": [0, 65535],
    "UINT32": [0, 2**32 - 1],
    "UINT64": [0, 2**64 - 1],
    "INT8": [-128, 127],
    "INT16": [-32768, 32767],
    "INT32": [-(2**31), 2**31 - 1],
    "INT64": [-(2**63), 2**63 - 1],
    "FP16": [-65504.0, 2**-24],
    "FP32": [-1.5, 2.0**127],
    "FP64": [0.1, 1e308],
    "BYTES": ["", "é"],
}
KINDS = {"BOOL": bool, "BYTES": str}


class Pair(BaseModel):
    text: str
    numbers: list[UINT8]
    scale: FP16 = 1.0


def values(kind, *tensors, most=9):
    named = [Tensor("it", *tensor) if len(tensor) == 3 else Tensor(*tensor) for tensor in tensors]
    form = describe_type(kind, "it")
    return to_values(form, check_layout(form, named, most), [tensor.data for tensor in named])


@pytest.mark.parametrize("datatype", EXTREMES)
@pytest.mark.parametrize("is_binary", [False, True])
def test_extremes_of_every_datatype_survive(datatype, is_binary):
    kind = getattr(datatypes, datatype, KINDS.get(datatype))
    tensor = Tensor("it", datatype, [2], EXTREMES[datatype])
    data: Any = pack(tensor) if is_binary else tensor.data
    assert values(kind, (datatype, [2], data)) == EXTREMES[datatype]


def test_binary_form_is_little_endian_without_padding():
    assert pack(Tensor("it", "INT16", [2], [1, -2])) == b"\x01\x00\xfe\xff"
    assert pack(Tensor("it", "BOOL", [2], [True, False])) == b"\x01\x00"
    assert pack(Tensor("it", "BYTES", [2], ["é", ""])) == b"\x02\0\0\0\xc3\xa9\0\0\0\0"
    assert set(FORMATS) | {"BYTES"} == set(EXTREMES)


@pytest.mark.parametrize("data", [[1, 2, 3, 4, 5, 6], [[1, 2], [3, 4], [5, 6]]])
def test_elements_are_row_major_nested_or_flat(data):
    assert values(list[float], ("FP32", [3, 2], data)) == [[1, 2], [3, 4], [5, 6]]


def test_deeper_nesting():
    data = list(range(12))
    nested = [[[0, 1], [2, 3], [4, 5]], [[6, 7], [8, 9], [10, 11]]]
    assert values(list[list[int]], ("INT64", [2, 3, 2], data)) == nested
    assert values(list[list[int]], ("INT64", [2, 3, 2], nested)) == nested
    (tensor,) = to_tensors(describe_type(list[list[int]], "it"), nested)
    assert (tensor.shape, tensor.data) == ([2, 3, 2], data)


def test_single_values_may_have_a_dimension_more():
    assert values(str, ("BYTES", [2, 1], ["a", "b"])) == ["a", "b"]
    assert values(str, ("BYTES", [2, 1], [["a"], ["b"]])) == ["a", "b"]


@pytest.mark.parametrize("datatype", ["FP16", "FP32", "FP64"])
def test_other_width_of_the_same_kind_is_taken(datatype):
    assert values(float, (datatype, [1], [0.5])) == [0.5]


def test_fields_are_tensors():
    form = describe_type(Pair, "it")
    pairs = [{"text": "a", "numbers": [1, 2]}, {"text": "b", "numbers": [3, 4]}]
    tensors = to_tensors(form, pairs)
    assert [tensor.name for tensor in tensors] == ["text", "numbers"]
    assert values(Pair, *tensors) == pairs


def test_what_no_tensor_holds_is_json():
    form = describe_type(dict[str, int], "it")
    assert to_tensors(form, [{"a": 1}])[0].data == ['{"a":1}']
    assert values(dict[str, int], ("BYTES", [1], ['{"a": 1}'])) == [{"a": 1}]


def test_bytes_are_text_only_where_text_is_declared():
    binary = struct.pack("<I", 2) + b"\xff\xfe"
    assert values(bytes, ("BYTES", [1], binary)) == [b"\xff\xfe"]
    assert values(bytes, ("BYTES", [1], ["é"])) == ["é".encode()]
    with pytest.raises(InvalidInputError, match="not valid UTF-8"):
        values(str, ("BYTES", [1], binary))


@pytest.mark.parametrize(
    ("tensor", "problem"),
    [
        (("FP32", [1, 3], [1, 2]), "2 elements"),
        (("FP32", [1, 3], bytes(8)), "2 elements"),
        (("FP32", [1, 2], bytes(7)), "ends within"),
        (("FP32", [1, 2], [[1], [2]]), "not nested"),
        (("FP32", [1, 2], [[1, 2], 3]), "not nested"),
        (("FP32", [2], [1, 2]), r"must have shape \[-1, -1\], not \["),
        (("FP32", [1, 2, 1], [1, 2]), r"must have shape \[-1, -1\], not \["),
        (("FP32", [-1, -2], [1, 2]), "none of them empty"),
        (("FP32", [0, 2], []), "none of them empty"),
        (("FP32", [1, 0], []), "none of them empty"),
        (("FP32", [10, 1], [1] * 10), "1 to 9"),
        (("FP32", [1, 2**63], [1]), f"1 elements, its shape {2**63}"),
        (("FP33", [1, 1], [1]), "datatype FP32"),
        (("INT64", [1, 1], [1]), "must have datatype FP32, not INT64"),
        (("BYTES", [1, 1], ["1"]), "datatype FP32"),
        (("FP32", [1, 1], ["1"]), "not FP32"),
        (("FP32", [1, 1], [True]), "not FP32"),
        (("FP32", [1, 1], [None]), "not FP32"),
        (("FP32", [1, 1], [{}]), "not FP32"),
        (("FP32", [1, 1], [float("nan")]), "NaN"),
        (("FP32", [1, 1], struct.pack("<f", float("inf"))), "NaN"),
        (("FP32", [1, 1], [10**400]), "too large"),
    ],
)
def test_tensor_that_is_not_what_it_says_is_refused(tensor, problem):
    with pytest.raises(InvalidInputError, match=problem):
        values(list[float], tensor)


@pytest.mark.parametrize(
    "data", [b"\x01", b"\x05\0\0\0abc", b"\xff\xff\xff\xffabc", b"\x01\0\0\0a\x01\0\0"]
)
def test_bytes_that_end_within_an_element_are_refused(data):
    with pytest.raises(InvalidInputError, match="ends within"):
        values(str, ("BYTES", [1], data))


@pytest.mark.parametrize("text", ["{", "NaN", '{"a": 1e400}', '"\\ud800"'])
def test_json_that_is_none_is_refused(text):
    with pytest.raises(InvalidInputError, match="not valid JSON"):
        values(dict[str, int], ("BYTES", [1], [text]))


@pytest.mark.parametrize(
    ("tensors", "problem"),
    [
        ([("text", "BYTES", [1], ["a"])], "numbers is missing"),
        ([("text", "BYTES", [1], ["a"]), ("other", "BYTES", [1], ["a"])], "Unknown input 'other'"),
        ([("text", "BYTES", [1], ["a"]), ("text", "BYTES", [1], ["a"])], "numbers is missing"),
        (
            [("text", "BYTES", [2], ["a", "b"]), ("numbers", "UINT8", [1, 1], [1])],
            "first dimensions",
        ),
        (
            [
                ("text", "BYTES", [1], ["a"]),
                ("numbers", "UINT8", [1, 1], [1]),
                ("text", "BYTES", [1], ["b"]),
            ],
            "sent twice",
        ),
    ],
)
def test_tensors_that_are_not_the_declared_ones_are_refused(tensors, problem):
    with pytest.raises(InvalidInputError, match=problem):
        values(Pair, *tensors)


def test_predictions_of_several_shapes_fit_no_tensor():
    with pytest.raises(InvalidInputError, match="in separate requests"):
        to_tensors(describe_type(list[float], "it"), [[1.0], [1.0, 2.0]])


def test_integers_beyond_either_datatype_are_refused():
    assert values(UINT8, ("INT16", [2], [0, 255])) == [0, 255]
    for datatype, number in (("INT16", 256), ("INT8", 128), ("INT64", -1), ("UINT8", 256)):
        with pytest.raises(InvalidInputError, match="from 0 to"):
            values(UINT8, (datatype, [2], [1, number]))


def test_prediction_of_several_lengths_is_an_error_of_the_model():
    with pytest.raises(PredictionError, match="different lengths"):
        to_tensors(describe_type(list[list[float]], "it"), [[[1.0], [1.0, 2.0]]])


def test_field_that_is_none_or_not_there_is_left_out():
    form = describe_type(Pair, "it")
    pairs = [{"text": "a", "numbers": [], "scale": None}, {"text": "b", "numbers": [], "scale": 1}]
    assert [tensor.name for tensor in to_tensors(form, pairs)] == ["text", "numbers"]
    assert [tensor.shape for tensor in to_tensors(form, pairs)] == [[2], [2, 0]]


@pytest.mark.parametrize(
    ("kind", "tensor"),
    [
        (str, ("BYTES", [2, 3], ["a"] * 6)),
        (tuple[float, float], ("FP32", [1, 3], [1, 2, 3])),
        (list[list[int]], ("INT64", [2, 2, 1], [[1, 2], 3])),
    ],
)
def test_shape_of_another_type_is_refused(kind, tensor):
    with pytest.raises(InvalidInputError):
        values(kind, tensor)


def test_as_many_inputs_as_may_be_are_taken():
    assert len(values(str, ("BYTES", [9], ["a"] * 9))) == 9
    with pytest.raises(InvalidInputError) as error:
        values(str, ("n" * 10_000, "BYTES", [1], ["a"]))
    assert len(str(error.value)) < 200


@pytest.mark.parametrize(
    ("datatype", "element"), [("UINT8", 256), ("INT8", -129), ("FP16", 1e6), ("FP32", 1e39)]
)
def test_prediction_that_does_not_fit_its_datatype_is_an_error_of_the_model(datatype, element):
    with pytest.raises(PredictionError, match=datatype):
        pack(Tensor("it", datatype, [1], [element]))
