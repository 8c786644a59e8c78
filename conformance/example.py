"""A request that the model accepts: made from its metadata, or given in a file."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from conformance.tensors import DATATYPES, Tensor, flatten, make, nest

SIZES = (2, 1, 4, 3, 8, 16, 10, 32)
"""Tried for variable dimensions other than the first."""


@dataclass(frozen=True)
class Example:
    """Inputs that the model accepts."""

    inputs: list[Tensor]

    def body(self, **more: Any) -> dict[str, Any]:
        """Give the request, with more fields or other ones."""
        return {"inputs": [tensor.json() for tensor in self.inputs], **more}

    def nested(self) -> dict[str, Any]:
        """Give the request with nested data."""
        return {"inputs": [t.json(data=nest(t.data, t.shape)) for t in self.inputs]}

    def with_rows(self, rows: int) -> "Example":
        """Give the example with as many rows, those it has over and over."""
        return Example([_with_rows(tensor, rows) for tensor in self.inputs])

    def binary(self, **more: Any) -> tuple[bytes, dict[str, str]]:
        """Give body and headers of the request with every input as bytes."""
        objects = [tensor.binary() for tensor in self.inputs]
        return binary({"inputs": objects, **more}, *(tensor.raw() for tensor in self.inputs))


def binary(head: dict[str, Any], *raw: bytes) -> tuple[bytes, dict[str, str]]:
    """Give body and headers of a request: a JSON object, and bytes behind it."""
    encoded = json.dumps(head).encode()
    return encoded + b"".join(raw), {
        "Content-Type": "application/octet-stream",
        "Inference-Header-Content-Length": str(len(encoded)),
    }


def candidates(tensors: Sequence[dict[str, Any]]) -> Iterator[Example]:
    """Make requests from the metadata of inputs, the likeliest first.

    A variable first dimension is taken for the batch: the same for all inputs.
    """
    usable = [t for t in tensors if t["datatype"] in DATATYPES]
    if not tensors or len(usable) < len(tensors):
        return
    for rows, size in product((2, 1), SIZES):
        yield Example([_made(tensor, rows, size) for tensor in usable])


def _made(tensor: dict[str, Any], rows: int, size: int) -> Tensor:
    described = tensor["shape"]
    first = [rows if n == -1 else n for n in described[:1]]
    others = [size if n == -1 else n for n in described[1:]]
    return make(tensor["name"], tensor["datatype"], first + others)


def _with_rows(tensor: Tensor, rows: int) -> Tensor:
    had, *others = tensor.shape
    row = math.prod(others)
    data = [tensor.data[(i % had) * row + j] for i in range(rows) for j in range(row)]
    return Tensor(tensor.name, tensor.datatype, [rows, *others], data)


def from_file(path: Path) -> Example:
    """Read a request in JSON.

    Raises:
        ValueError: The file is none, or no request.
    """
    try:
        inputs = json.loads(path.read_text("utf-8"))["inputs"]
        return Example(
            [Tensor(t["name"], t["datatype"], t["shape"], flatten(t["data"])) for t in inputs]
        )
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise ValueError(f"{path}: no inference request: {type(exc).__name__}: {exc}") from exc
