"""What the JSON of an inference request says, apart from what its tensors hold."""

from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from ..core.errors import InvalidInputError
from ..services.model_tensors import first_mistake
from ..services.tensor_data import Tensor
from ..services.tensor_spec import TensorForm
from ..services.tensors import Layout, lay_out
from .inference_schemas import InferenceRequest, RequestInput
from .schemas import MAX_BATCH

UNSUPPORTED = {"classification", "sequence_id", "shared_memory_region"}  # parameters

Parsed = TypeVar("Parsed", bound=BaseModel)


class Wanted(NamedTuple):
    """A tensor that shall come out."""

    name: str
    is_binary: bool


class Plan(NamedTuple):
    """Which tensors go in, and which ones shall come out."""

    id: str | None
    layouts: list[Layout]
    data: list[list[Any] | int]
    """Elements of each tensor; or how many bytes they have behind the JSON."""
    wanted: list[Wanted]


def parse(kind: type[Parsed], content: bytes) -> Parsed:
    """Make an object of a class from JSON.

    Raises:
        InvalidInputError: It is not valid.
    """
    try:
        return kind.model_validate_json(content)
    except ValidationError as exc:
        where, what = first_mistake(exc)
        raise InvalidInputError(f"{where or 'body'}: {what}") from exc


def make_plan(header: bytes, inputs: TensorForm, outputs: TensorForm) -> Plan:
    """Read the JSON of a request to a model that takes and gives these tensors.

    Raises:
        InvalidInputError: It is not what the protocol says, or what the model declares.
    """
    request = parse(InferenceRequest, header)
    _refuse_unsupported(request)
    data = [_data_or_size(tensor) for tensor in request.inputs]
    tensors = [Tensor(tensor.name, tensor.datatype, tensor.shape) for tensor in request.inputs]
    layouts = lay_out(inputs, tensors, MAX_BATCH)
    return Plan(request.id, layouts, data, _wanted(request, outputs))


def _data_or_size(tensor: RequestInput) -> list[Any] | int:
    size, data = tensor.parameters.get("binary_data_size"), tensor.data
    if (data is None) == (size is None):
        raise InvalidInputError(f"{tensor.name[:50]} needs data, or else binary_data_size")
    if data is not None:
        return data
    if type(size) is not int or not 0 <= size < 2**32:
        raise InvalidInputError(f"{tensor.name[:50]} has a binary_data_size that is wrong")
    return size


def _refuse_unsupported(request: InferenceRequest) -> None:
    """Refuse what would change the meaning of a request, rather than ignore it."""
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
    if len({output.name for output in request.outputs}) != len(request.outputs):
        raise InvalidInputError("An output is asked for twice")
    return [
        Wanted(output.name, output.parameters.get("binary_data", is_binary) is True)
        for output in request.outputs
    ]
