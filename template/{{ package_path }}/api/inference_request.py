"""Requests of the Open Inference Protocol: JSON, with tensors in it or in binary form behind it."""

import math
import struct
from functools import lru_cache, partial
from typing import Any

from ..core.errors import InvalidInputError
from ..services.tensor_data import FORMATS, Tensor
from ..services.tensor_spec import VARIABLE, TensorForm
from ..services.tensors import lay_out
from .inference_plan import Plan, Wanted, make_plan
from .schemas import MAX_BATCH

JSON_LENGTH = b"inference-header-content-length"
KEPT, LONGEST = 256, 2048  # what is kept of JSON: how many, of how many bytes at most


class RequestReader:
    """Reads requests for one model.

    The JSON before binary tensors is the same again and again, so what it says is kept.
    """

    def __init__(self, inputs: TensorForm, outputs: TensorForm) -> None:
        self._inputs, self._outputs = inputs, outputs
        self._plan = partial(make_plan, inputs=inputs, outputs=outputs)
        self._kept_plan = lru_cache(maxsize=KEPT)(self._plan)

    def read(self, content: bytes, json_length: bytes | None) -> tuple[Plan, list[Any]]:
        """Read a request.

        Args:
            content: The body.
            json_length: The header `Inference-Header-Content-Length`: how many bytes of the body
                are JSON, where tensors in binary form follow. Zero: one tensor, and nothing else.

        Returns:
            What the JSON says, and the elements of each tensor, or their binary form.

        Raises:
            InvalidInputError: The request is not what the protocol says.
        """
        length = len(content) if json_length is None else _length(json_length, len(content))
        if json_length is not None and not length:
            return self._read_bytes(content)
        is_kept = length < len(content) and length <= LONGEST
        plan = (self._kept_plan if is_kept else self._plan)(content[:length])
        return plan, _data(plan, content, length)

    def _read_bytes(self, content: bytes) -> tuple[Plan, list[Any]]:
        """Deduce what a body holds that is a tensor in binary form and nothing else."""
        spec, *more = self._inputs.specs
        shape = [1, *spec.shape]
        data: list[Any] = [content]
        if more or shape.count(VARIABLE) > 1 or (spec.datatype == "BYTES" and spec.shape):
            raise InvalidInputError("The input is more than the bytes of a tensor; send JSON too")
        if spec.datatype == "BYTES":
            data = [[content]]
        elif VARIABLE in shape:
            one = -math.prod(shape) * struct.calcsize(f"<{FORMATS[spec.datatype]}")
            shape[shape.index(VARIABLE)] = len(content) // one
        layouts = lay_out(self._inputs, [Tensor(spec.name, spec.datatype, shape)], MAX_BATCH)
        wanted = [Wanted(output.name, is_binary=True) for output in self._outputs.specs]
        return Plan(None, layouts, [], wanted), data


def _data(plan: Plan, content: bytes, start: int) -> list[Any]:
    """Give the data of all tensors; those in binary form come one after the other."""
    data: list[Any] = []
    for part in plan.data:
        if isinstance(part, int):
            data.append(content[start : start + part])
            start += part
        else:
            data.append(part)
    if start != len(content):
        raise InvalidInputError(f"The tensors have {start} bytes, the body has {len(content)}")
    return data


def _length(json_length: bytes, size: int) -> int:
    if json_length.isdigit() and len(json_length) < 12 and int(json_length) <= size:
        return int(json_length)
    raise InvalidInputError(f"{JSON_LENGTH.decode()} must say how many of {size} bytes are JSON")
