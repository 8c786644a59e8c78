"""Elements of a tensor: nested or flat as in JSON, or in binary form.

They stand in row-major order. In binary form they are little-endian, without padding; an element of
`BYTES` comes after its length.
"""

import math
import struct
from collections.abc import Sequence
from itertools import chain
from typing import Any, NamedTuple

from ..core.errors import InvalidInputError, PredictionError

FORMATS = {  # of Python's struct
    "BOOL": "?",
    "UINT8": "B",
    "UINT16": "H",
    "UINT32": "I",
    "UINT64": "Q",
    "INT8": "b",
    "INT16": "h",
    "INT32": "i",
    "INT64": "q",
    "FP16": "e",
    "FP32": "f",
    "FP64": "d",
}
# Datatypes of one family are taken for one another, whatever their width.
FAMILIES = {name: name.rstrip("0123456789").removeprefix("U") for name in (*FORMATS, "BYTES")}
ELEMENTS: dict[str, set[type]] = {
    "BOOL": {bool},
    "INT": {int},
    "FP": {int, float},
    "BYTES": {str, bytes},
}
LENGTH = struct.Struct("<I")  # of an element of BYTES


class Tensor(NamedTuple):
    """Elements of one datatype in one shape."""

    name: str
    datatype: str
    shape: Sequence[int]
    data: Sequence[Any] = ()
    """Elements, flat or nested as the shape says; none, where their binary form is elsewhere."""


def elements(name: str, datatype: str, shape: Sequence[int], data: list[Any] | bytes) -> list[Any]:
    """Give the elements in a row; those of a binary `BYTES` are bytes.

    Raises:
        InvalidInputError: They are nested in another way than the shape says, or cut; or one is not
            of the datatype, or no finite number.
    """
    family = FAMILIES[datatype]
    if not isinstance(data, bytes):
        flat = _flatten(name, shape, data)
        if not set(map(type, flat)) <= ELEMENTS[family]:
            raise InvalidInputError(f"{name} has elements that are no {datatype}")
    elif family == "BYTES":
        flat = _split(name, data)
    else:
        flat = _unpack(name, datatype, data)
    if family == "FP" and not _are_finite(flat):
        raise InvalidInputError(f"{name} has elements that are NaN, infinite or too large")
    return flat


def bounds(datatype: str) -> tuple[int, int]:
    """Give the least and the greatest integer of a datatype."""
    bits = int(datatype.lstrip("UINT"))
    if datatype.startswith("U"):
        return 0, 2**bits - 1
    return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1


def pack(tensor: Tensor) -> bytes:
    """Give the binary form of a tensor whose elements stand in a row.

    Raises:
        PredictionError: One does not fit the datatype.
    """
    if tensor.datatype == "BYTES":
        texts = [str(text).encode() for text in tensor.data]
        return b"".join(chain.from_iterable((LENGTH.pack(len(text)), text) for text in texts))
    try:
        return struct.pack(f"<{len(tensor.data)}{FORMATS[tensor.datatype]}", *tensor.data)
    except (struct.error, OverflowError) as exc:
        raise PredictionError(f"{tensor.name} does not fit {tensor.datatype}") from exc


def _flatten(name: str, shape: Sequence[int], data: list[Any]) -> list[Any]:
    if list not in set(map(type, data)):
        return data
    for axis, size in enumerate(shape):
        parts = data if axis else [data]
        if not all(isinstance(part, list) and len(part) == size for part in parts):
            raise InvalidInputError(f"{name} is not nested as its shape says")
        data = list(chain.from_iterable(parts))
    return data


def _split(name: str, data: bytes) -> list[bytes]:
    texts, start = [], 0
    while start < len(data):
        begin = start + LENGTH.size
        start = begin + int.from_bytes(data[start:begin], "little")
        texts.append(data[begin:start])
    if start != len(data):
        raise InvalidInputError(f"{name} ends within an element")
    return texts


def _unpack(name: str, datatype: str, data: bytes) -> list[Any]:
    form = FORMATS[datatype]
    count, rest = divmod(len(data), struct.calcsize(f"<{form}"))
    if rest:
        raise InvalidInputError(f"{name} ends within an element")
    return list(struct.unpack(f"<{count}{form}", data))


def _are_finite(numbers: list[float]) -> bool:
    try:
        return all(map(math.isfinite, numbers))
    except OverflowError:  # an integer beyond all floats
        return False
