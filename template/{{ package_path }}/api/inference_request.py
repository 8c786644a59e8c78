"""Requests of the Open Inference Protocol: JSON, with tensors in it or in binary form behind it."""

import math
import struct
from functools import lru_cache
from typing import NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from ..core.errors import InvalidInputError
from ..services.tensor_data import FORMATS, Tensor
from ..services.tensor_spec import VARIABLE, TensorForm
from .inference_schemas import InferenceRequest, RequestInput

JSON_LENGTH = "inference-header-content-length"
UNSUPPORTED = {"classification", "sequence_id", "shared_memory_region"}  # parameters
HEADERS, LONGEST = 256, 2048  # that are kept: how many, bytes

Parsed = TypeVar("Parsed", bound=BaseModel)


class Wanted(NamedTuple):
    """A tensor that shall come out."""

    name: str
    is_binary: bool


class Plan(NamedTuple):
    """What the JSON of a request says; a size is that of data in binary form behind it."""

    id: str | None
    tensors: list[tuple[Tensor, int | None]]
    wanted: list[Wanted]


class Inference(NamedTuple):
    """What a request asks for: these tensors in, those out."""

    id: str | None
    tensors: list[Tensor]
    wanted: list[Wanted]


def parse(kind: type[Parsed], content: bytes) -> Parsed:
    """Make an object of a class from JSON.

    Raises:
        InvalidInputError: It is not valid.
    """
    try:
        return kind.model_validate_json(content)
    except ValidationError as exc:
        error = exc.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, error["loc"]))
        raise InvalidInputError(f"{where or 'body'}: {error['msg']}") from exc


class RequestReader:
    """Reads requests for one model.

    The JSON before binary tensors is the same again and again, so what it says is kept.
    """

    def __init__(self, inputs: TensorForm, outputs: TensorForm) -> None:
        self._inputs, self._outputs = inputs, outputs
        self._kept_plan = lru_cache(maxsize=HEADERS)(self._plan)

    def read(self, content: bytes, json_length: bytes | None) -> Inference:
        """Read a request.

        Args:
            content: The body.
            json_length: The header `Inference-Header-Content-Length`: how many bytes of the body
                are JSON, where tensors in binary form follow. Zero: one tensor, and nothing else.

        Raises:
            InvalidInputError: The request is not what the protocol says.
        """
        length = len(content) if json_length is None else _length(json_length, len(content))
        if json_length is not None and not length:
            wanted = [Wanted(spec.name, is_binary=True) for spec in self._outputs.specs]
            return Inference(None, [_only_tensor(content, self._inputs)], wanted)
        is_kept = length < len(content) and length <= LONGEST
        plan = (self._kept_plan if is_kept else self._plan)(content[:length])
        return Inference(plan.id, _filled(plan, content, length), plan.wanted)

    def _plan(self, header: bytes) -> Plan:
        request = parse(InferenceRequest, header)
        _refuse_unsupported(request)
        tensors = [_planned(tensor) for tensor in request.inputs]
        return Plan(request.id, tensors, _wanted(request, self._outputs))


def _filled(plan: Plan, content: bytes, start: int) -> list[Tensor]:
    """Give the tensors of a request, whose binary forms come one after the other."""
    tensors = []
    for tensor, size in plan.tensors:
        if size is None:
            tensors.append(tensor)
            continue
        name, datatype, shape, _ = tensor
        if start + size > len(content):
            raise InvalidInputError(f"{name[:50]} has a binary_data_size that is wrong")
        tensors.append(Tensor(name, datatype, shape, content[start : start + size]))
        start += size
    if start != len(content):
        raise InvalidInputError(f"The body has {len(content) - start} bytes of no tensor")
    return tensors


def _planned(tensor: RequestInput) -> tuple[Tensor, int | None]:
    size, data = tensor.parameters.get("binary_data_size"), tensor.data
    if (data is None) == (size is None):
        raise InvalidInputError(f"{tensor.name[:50]} needs data, or else binary_data_size")
    if size is not None and (type(size) is not int or size < 0):
        raise InvalidInputError(f"{tensor.name[:50]} has a binary_data_size that is wrong")
    shape = tuple(tensor.shape)
    return Tensor(tensor.name, tensor.datatype, shape, data if data is not None else b""), size


def _length(json_length: bytes, size: int) -> int:
    if json_length.isdigit() and len(json_length) < 12 and int(json_length) <= size:
        return int(json_length)
    raise InvalidInputError(f"{JSON_LENGTH} must say how many of the {size} bytes are JSON")


def _only_tensor(content: bytes, inputs: TensorForm) -> Tensor:
    """Deduce what a body holds that is a tensor in binary form and nothing else."""
    spec, *more = inputs.specs
    if more or spec.shape.count(VARIABLE) > 1 or (spec.datatype == "BYTES" and spec.shape):
        raise InvalidInputError(f"The input needs more than bytes: {JSON_LENGTH} may not be 0")
    if spec.datatype == "BYTES":
        return Tensor(spec.name, spec.datatype, [1], [content])
    fixed = math.prod(size for size in spec.shape if size != VARIABLE)
    variable = len(content) // (fixed * struct.calcsize(f"<{FORMATS[spec.datatype]}"))
    shape = [1, *(variable if size == VARIABLE else size for size in spec.shape)]
    return Tensor(spec.name, spec.datatype, shape, content)


def _refuse_unsupported(request: InferenceRequest) -> None:
    """Refuse what would change the meaning of a request, rather than not to do it."""
    for part in (request, *request.inputs, *(request.outputs or ())):
        if not UNSUPPORTED.isdisjoint(part.parameters):
            name = min(UNSUPPORTED & part.parameters.keys())
            raise InvalidInputError(f"The parameter {name} is not supported")


def _wanted(request: InferenceRequest, outputs: TensorForm) -> list[Wanted]:
    is_binary = request.parameters.get("binary_data_output") is True
    if not request.outputs:
        return [Wanted(spec.name, is_binary) for spec in outputs.specs]
    names = [spec.name for spec in outputs.specs]
    for output in request.outputs:
        if output.name not in names:
            known = ", ".join(names)
            raise InvalidInputError(f"No output {output.name[:50]!r}; the model gives {known}")
    return [
        Wanted(output.name, output.parameters.get("binary_data", is_binary) is True)
        for output in request.outputs
    ]
