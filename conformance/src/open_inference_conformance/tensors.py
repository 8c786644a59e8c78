"""Datatypes of the protocol: values to send, and elements as JSON and as bytes."""

import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

FORMATS = {
    "BOOL": "?", "UINT8": "B", "UINT16": "H", "UINT32": "I", "UINT64": "Q",
    "INT8": "b", "INT16": "h", "INT32": "i", "INT64": "q",
    "FP16": "e", "FP32": "f", "FP64": "d",
}  # fmt: skip
DATATYPES = {*FORMATS, "BYTES"}
TEXTS = ("a good day", "a bad day", "neither")


@dataclass(frozen=True)
class Tensor:
    """A tensor with its elements in a flat list, row-major."""

    name: str
    datatype: str
    shape: list[int]
    data: list[Any]

    def json(self, **changes: Any) -> dict[str, Any]:
        """Return the object of a request, with these fields changed."""
        described = {"name": self.name, "shape": self.shape, "datatype": self.datatype}
        return {**described, "data": self.data, **changes}

    def binary(self, **parameters: Any) -> dict[str, Any]:
        """Return the object of a request whose data follow in binary form."""
        described = self.json(parameters={"binary_data_size": len(self.raw()), **parameters})
        del described["data"]
        return described

    def raw(self) -> bytes:
        """Return the data as bytes."""
        return pack(self.datatype, self.data)


def make(name: str, datatype: str, shape: list[int]) -> Tensor:
    """Make a tensor of harmless values that differ; floats are exact in every float type."""
    count = math.prod(shape)
    if datatype == "BYTES":
        data: list[Any] = [TEXTS[i % len(TEXTS)] for i in range(count)]
    elif datatype == "BOOL":
        data = [i % 2 == 0 for i in range(count)]
    elif datatype.startswith("FP"):
        data = [i % 64 / 4 for i in range(count)]
    else:
        data = [i % 100 for i in range(count)]
    return Tensor(name, datatype, shape, data)


def pack(datatype: str, data: Sequence[Any]) -> bytes:
    """Return elements as bytes, little-endian."""
    if datatype != "BYTES":
        return struct.pack(f"<{len(data)}{FORMATS[datatype]}", *data)
    encoded = [text.encode() if isinstance(text, str) else bytes(text) for text in data]
    return b"".join(struct.pack("<I", len(text)) + text for text in encoded)


def unpack(datatype: str, raw: bytes) -> list[Any]:
    """Return the elements in some bytes; those of BYTES as strings.

    Raises:
        ValueError: The bytes are not a whole number of elements.
    """
    try:
        if datatype != "BYTES":
            return [value for (value,) in struct.iter_unpack(f"<{FORMATS[datatype]}", raw)]
        return list(_texts(raw))
    except (struct.error, KeyError) as exc:
        raise ValueError(f"{len(raw)} bytes are not elements of {datatype}: {exc}") from exc


def _texts(raw: bytes) -> Iterable[str]:
    start = 0
    while start < len(raw):
        (length,) = struct.unpack_from("<I", raw, start)
        start += 4 + length
        if start > len(raw):
            raise ValueError(f"a length of {length} bytes runs past the end")
        yield raw[start - length : start].decode("utf-8", "backslashreplace")


def nest(data: Sequence[Any], shape: Sequence[int]) -> list[Any]:
    """Return flat elements nested in a shape."""
    if len(shape) <= 1:
        return list(data)
    step = len(data) // shape[0] if shape[0] else 0
    return [nest(data[i * step : (i + 1) * step], shape[1:]) for i in range(shape[0])]


def flatten(data: Any) -> list[Any]:
    """Return nested elements as a flat list."""
    return [leaf for item in data for leaf in flatten(item)] if isinstance(data, list) else [data]


def depths(data: Any) -> list[int]:
    """Return the lengths of a nested list along its first elements: its shape."""
    found = []
    while isinstance(data, list):
        found.append(len(data))
        data = data[0] if data else None
    return found


def is_element(datatype: str, value: Any) -> bool:
    """Return whether a JSON value is an element of a datatype."""
    if datatype in ("BOOL", "BYTES"):
        return isinstance(value, bool if datatype == "BOOL" else str)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if datatype.startswith("FP"):
        return True
    try:
        struct.pack(f"<{FORMATS[datatype]}", value)
    except struct.error:  # a fraction, or beyond the range
        return False
    return True


def same_elements(datatype: str, one: Sequence[Any], other: Sequence[Any]) -> bool:
    """Return whether elements are equal; floats within the precision of their type."""
    if not datatype.startswith("FP"):
        return list(one) == list(other)
    tolerance = {"FP16": 1e-2, "FP32": 1e-5}.get(datatype, 1e-9)
    return len(one) == len(other) and all(
        math.isclose(a, b, rel_tol=tolerance, abs_tol=tolerance)
        for a, b in zip(one, other, strict=True)
    )
