"""Elements of a tensor: nested or flat as in JSON, or in binary form; in row-major order."""

import math
from collections.abc import Sequence
from itertools import chain
from typing import Any, NamedTuple

from ...core.errors import InvalidInputError, PredictionError
from ...models.core_schemas import to_base64
from .binary import FORMATS, pack_elements, unpack_elements
from .datatype_limits import are_within, bounds

# Datatypes of one family are accepted for each other, whatever their width.
FAMILIES = {name: name.rstrip("0123456789").removeprefix("U") for name in (*FORMATS, "BYTES")}
ELEMENTS: dict[str, set[type]] = {
    "BOOL": {bool},
    "INT": {int},
    "FP": {int, float},
    "BYTES": {str, bytes},
}


class Tensor(NamedTuple):
    """Elements of one datatype in one shape."""

    name: str
    datatype: str
    shape: Sequence[int]
    data: Sequence[Any] = ()
    """Elements, flat or nested by the shape; empty if their binary form is elsewhere."""


def elements(name: str, datatype: str, shape: Sequence[int], data: list[Any] | bytes) -> list[Any]:
    """Return the elements as a flat list; those of a binary `BYTES` are bytes.

    Raises:
        InvalidInputError: The nesting or the size does not fit the shape, or an element is not of
            the datatype or not finite.
    """
    family = FAMILIES[datatype]
    if not isinstance(data, bytes):
        flat = _flatten(name, shape, data)
        if not set(map(type, flat)) <= ELEMENTS[family]:
            raise InvalidInputError(f"{name} has elements that are not {datatype}")
    else:
        flat = unpack_elements(name, datatype, shape, data)
    if family == "FP" and not (_are_finite(flat) and are_within(datatype, flat)):
        raise InvalidInputError(f"{name} has elements that are NaN, infinite or too large")
    return flat


def pack(tensor: Tensor) -> bytes:
    """Return the binary form of a tensor with flat elements.

    Raises:
        PredictionError: An element does not fit the datatype.
    """
    check_elements(tensor)
    return pack_elements(tensor.name, tensor.datatype, tensor.data)


def json_fields(data: Sequence[Any]) -> dict[str, Any]:
    """Return elements as fields of JSON: bytes are base64, and a parameter marks them."""
    if not data or not isinstance(data[0], bytes):
        return {"data": data}
    return {"parameters": {"content_type": "base64"}, "data": [*map(to_base64, data)]}


def check_elements(tensor: Tensor) -> None:
    """Check that flat elements fit their datatype.

    Raises:
        PredictionError: An element does not.
    """
    _, datatype, _, data = tensor
    family = FAMILIES[datatype]
    is_well = set(map(type, data)) <= ELEMENTS[family]
    if is_well and data and family == "INT":
        least, greatest = bounds(datatype)
        is_well = least <= min(data) and max(data) <= greatest
    if not is_well or (family == "FP" and not are_within(datatype, data)):
        raise PredictionError(f"{tensor.name} does not fit {datatype}")


def _flatten(name: str, shape: Sequence[int], data: list[Any]) -> list[Any]:
    if list not in set(map(type, data)):
        return data
    for axis, size in enumerate(shape):
        rows = data if axis else [data]
        if not all(isinstance(row, list) and len(row) == size for row in rows):
            raise InvalidInputError(f"{name} is not nested according to its shape")
        data = list(chain.from_iterable(rows))
    return data


def _are_finite(numbers: list[float]) -> bool:
    try:
        return all(map(math.isfinite, numbers))
    except OverflowError:  # an integer too large for a float
        return False
