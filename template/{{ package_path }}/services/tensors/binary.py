"""Elements in binary form: in row-major order, little-endian, without padding.

An element of `BYTES` follows its length.
"""

import math
import struct
from collections.abc import Sequence
from itertools import chain
from typing import Any

from ...core.errors import InvalidInputError, PredictionError

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
LENGTH = struct.Struct("<I")  # of an element of BYTES


def pack_elements(name: str, datatype: str, data: Sequence[Any]) -> bytes:
    """Return the binary form of flat elements.

    Raises:
        PredictionError: An element does not fit the datatype.
    """
    if datatype == "BYTES":
        texts = [text if isinstance(text, bytes) else text.encode() for text in data]
        return b"".join(chain.from_iterable((LENGTH.pack(len(text)), text) for text in texts))
    try:
        return struct.pack(f"<{len(data)}{FORMATS[datatype]}", *data)
    except (struct.error, OverflowError) as exc:
        raise PredictionError(f"{name} does not fit {datatype}") from exc


def unpack_elements(name: str, datatype: str, shape: Sequence[int], data: bytes) -> list[Any]:
    """Return the elements of a binary form as a flat list; those of `BYTES` are bytes.

    Raises:
        InvalidInputError: The size does not fit the shape.
    """
    total = math.prod(shape)
    unpack = _split if datatype == "BYTES" else _unpack
    return unpack(name, datatype, data, total)


def _split(name: str, _: str, data: bytes, total: int) -> list[Any]:
    texts, start = list[bytes](), 0
    while start < len(data) and len(texts) <= total:  # there may be millions of empty ones
        begin = start + LENGTH.size
        start = begin + int.from_bytes(data[start:begin], "little")
        texts.append(data[begin:start])
    if start < len(data):
        raise InvalidInputError(f"{name} has more elements than its shape: {total}")
    if start > len(data):
        raise InvalidInputError(f"{name} ends within an element")
    return texts


def _unpack(name: str, datatype: str, data: bytes, total: int) -> list[Any]:
    form = FORMATS[datatype]
    count, rest = divmod(len(data), struct.calcsize(f"<{form}"))
    if rest:
        raise InvalidInputError(f"{name} ends within an element")
    if count != total:
        raise InvalidInputError(f"{name} has {count} elements, its shape {total}")
    return list(struct.unpack(f"<{count}{form}", data))
