"""Requests of the Open Inference Protocol: JSON, with tensors in it or in binary form after it."""

import math
import struct
from functools import lru_cache, partial
from typing import Any

from ...core.errors import InvalidInputError
from ...services.tensors.binary import FORMATS
from ...services.tensors.elements import Tensor
from ...services.tensors.spec import VARIABLE, TensorForm
from ..request_cost import JSON_LENGTH
from .plan import Plan, RequestedOutput, RequestLimits, make_layouts, make_plan

KEPT, LONGEST = 256, 2048  # cached JSON headers: number of entries, bytes of each


class RequestReader:
    """Read requests for one model.

    Clients repeat the JSON before binary tensors, so its parsed form is cached.
    """

    def __init__(
        self, inputs: TensorForm, outputs: TensorForm, limits: RequestLimits | None = None
    ) -> None:
        self._inputs, self._outputs = inputs, outputs
        self._limits = limits or RequestLimits()
        self._plan = partial(make_plan, inputs=inputs, outputs=outputs, limits=self._limits)
        self._kept_plan = lru_cache(maxsize=KEPT)(self._plan)

    def read(self, content: bytes, json_length: bytes | None) -> tuple[Plan, list[Any]]:
        """Read a request.

        Args:
            content: The body.
            json_length: The header `Inference-Header-Content-Length`: the number of bytes of JSON
                before tensors in binary form. Zero: the body is the bytes of one tensor.

        Returns:
            The parsed JSON, and the elements of each tensor, or their binary form.

        Raises:
            InvalidInputError: The request does not follow the protocol.
        """
        length = len(content) if json_length is None else _length(json_length, len(content))
        if json_length is not None and not length:
            return self._read_bytes(content)
        is_kept = length < len(content) and length <= LONGEST
        plan = (self._kept_plan if is_kept else self._plan)(content[:length])
        return plan, _data(plan, content, length)

    def _read_bytes(self, content: bytes) -> tuple[Plan, list[Any]]:
        """Read a body that is one tensor in binary form, without JSON."""
        spec, *more = self._inputs.specs
        shape = [1, *spec.shape]
        data: list[Any] = [content]
        if more or shape.count(VARIABLE) > 1 or (spec.datatype == "BYTES" and spec.shape):
            raise InvalidInputError("The model's input needs JSON before the bytes of its tensors")
        if spec.datatype == "BYTES":
            data = [[content]]
        elif VARIABLE in shape:
            one = -math.prod(shape) * struct.calcsize(f"<{FORMATS[spec.datatype]}")
            shape[shape.index(VARIABLE)] = len(content) // one
        tensor = Tensor(spec.name, spec.datatype, shape)
        layouts = make_layouts(self._inputs, [tensor], self._limits)
        requested = [RequestedOutput(output.name, is_binary=True) for output in self._outputs.specs]
        return Plan(None, layouts, [], requested), data


def _data(plan: Plan, content: bytes, start: int) -> list[Any]:
    """Return the data of all tensors; those in binary form follow each other."""
    data: list[Any] = []
    for item in plan.data:
        if isinstance(item, int):
            data.append(content[start : start + item])
            start += item
        else:
            data.append(item)
    if start != len(content):
        raise InvalidInputError(f"The tensors have {start} bytes, the body has {len(content)}")
    return data


def _length(json_length: bytes, size: int) -> int:
    if json_length.isdigit() and len(json_length) < 12 and int(json_length) <= size:
        return int(json_length)
    raise InvalidInputError(f"{JSON_LENGTH.decode()} must be the bytes of JSON, at most {size}")
