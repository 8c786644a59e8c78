"""Valid requests: made from the metadata of the model, or read from a file."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from open_inference_conformance.tensors import DATATYPES, Tensor, flatten, make, nest

SIZES = (2, 1, 4, 3, 8, 16, 10, 32)
"""Tried for variable dimensions other than the first."""


@dataclass(frozen=True)
class Example:
    """A valid inference request."""

    inputs: list[Tensor]

    def body(self, **more: Any) -> dict[str, Any]:
        """Return the request with fields added or replaced."""
        return {"inputs": [tensor.json() for tensor in self.inputs], **more}

    def nested(self) -> dict[str, Any]:
        """Return the request with nested data."""
        return {"inputs": [t.json(data=nest(t.data, t.shape)) for t in self.inputs]}

    def with_rows(self, rows: int) -> "Example":
        """Return the example with this number of rows, repeating its own."""
        return Example([_with_rows(tensor, rows) for tensor in self.inputs])

    def binary(self, **more: Any) -> tuple[bytes, dict[str, str]]:
        """Return body and headers of the request with every input in binary form."""
        objects = [tensor.binary() for tensor in self.inputs]
        return binary({"inputs": objects, **more}, *(tensor.raw() for tensor in self.inputs))


def binary(head: dict[str, Any], *raw: bytes) -> tuple[bytes, dict[str, str]]:
    """Return body and headers of a request: a JSON object and the bytes behind it."""
    encoded = json.dumps(head).encode()
    return encoded + b"".join(raw), {
        "Content-Type": "application/octet-stream",
        "Inference-Header-Content-Length": str(len(encoded)),
    }


def candidates(tensors: Sequence[dict[str, Any]]) -> Iterator[Example]:
    """Yield requests made from the metadata of inputs, the likeliest first.

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
    """Read a request from a JSON file.

    Raises:
        ValueError: The file cannot be read, or is not an inference request.
    """
    try:
        inputs = json.loads(path.read_text("utf-8"))["inputs"]
        return Example(
            [Tensor(t["name"], t["datatype"], t["shape"], flatten(t["data"])) for t in inputs]
        )
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise ValueError(
            f"{path} is not an inference request: {type(exc).__name__}: {exc}"
        ) from exc
