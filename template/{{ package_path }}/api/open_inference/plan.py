"""Read the JSON of an inference request, except for the elements of its tensors."""

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from ...core.errors import InvalidInputError
from ...services.tensors.codec import first_error
from ...services.tensors.datatype_limits import parsed_units
from ...services.tensors.elements import Tensor
from ...services.tensors.layout import Layout, check_layout
from ...services.tensors.spec import TensorForm
from ...utils.json_cost import MAX_UNITS
from ...utils.large_bodies import gc_paused
from .parameters import (
    check_content_type,
    check_output_type,
    check_parameters,
    is_base64,
)
from .schemas import InferenceRequest, RequestInput

Parsed = TypeVar("Parsed", bound=BaseModel)


class RequestLimits(NamedTuple):
    """Limits of a request."""

    inputs: int = 1000
    units: int = MAX_UNITS
    """Cost of its tensors, in units of `json_cost`."""


class RequestedOutput(NamedTuple):
    """An output tensor of the response."""

    name: str
    is_binary: bool


class Plan(NamedTuple):
    """Input tensors of a request, and the outputs that it requests."""

    id: str | None
    layouts: list[Layout]
    data: list[list[Any] | int]
    """Elements of each tensor, or the number of their bytes after the JSON."""
    requested: list[RequestedOutput]


def parse(kind: type[Parsed], content: bytes) -> Parsed:
    """Parse JSON into an object of a class.

    Raises:
        InvalidInputError: The JSON is not valid.
    """
    try:
        with gc_paused(len(content)):
            return kind.model_validate_json(content)
    except ValidationError as exc:
        where, what = first_error(exc)
        raise InvalidInputError(f"{where or 'body'}: {what}") from exc


def make_plan(
    header: bytes, inputs: TensorForm, outputs: TensorForm, limits: RequestLimits
) -> Plan:
    """Read the JSON of a request to a model with these inputs and outputs.

    Raises:
        InvalidInputError: The request does not follow the protocol or the model's declaration.
    """
    request = parse(InferenceRequest, header)
    _check_parameters(request)
    data = [_data_or_size(tensor) for tensor in request.inputs]
    tensors = [Tensor(tensor.name, tensor.datatype, tensor.shape) for tensor in request.inputs]
    layouts = [
        layout._replace(is_base64=is_base64(layout.spec, tensor.parameters))
        for layout, tensor in zip(
            make_layouts(inputs, tensors, limits), request.inputs, strict=True
        )
    ]
    return Plan(request.id, layouts, data, _requested(request, outputs))


def make_layouts(
    inputs: TensorForm, tensors: Sequence[Tensor], limits: RequestLimits
) -> list[Layout]:
    """Check names, datatypes and shapes of the input tensors; leave their elements unread.

    Raises:
        InvalidInputError: The tensors differ from the model's declaration, or are too large.
    """
    layouts = check_layout(inputs, tensors, limits.inputs)
    if sum(parsed_units(layout.datatype, layout.shape) for layout in layouts) > limits.units:
        raise InvalidInputError("The tensors have too many elements; send them in several requests")
    return layouts


def _data_or_size(tensor: RequestInput) -> list[Any] | int:
    size, data = tensor.parameters.get("binary_data_size"), tensor.data
    if (data is None) == (size is None):
        raise InvalidInputError(f"{tensor.name[:50]} must have either data or binary_data_size")
    if data is not None:
        return data
    if type(size) is not int or not 0 <= size < 2**32:
        raise InvalidInputError(f"{tensor.name[:50]} has an invalid binary_data_size")
    return size


def _check_parameters(request: InferenceRequest) -> None:
    for item in (request, *request.inputs, *(request.outputs or ())):
        check_parameters(item.parameters)
    check_content_type(request.parameters)


def _requested(request: InferenceRequest, outputs: TensorForm) -> list[RequestedOutput]:
    is_binary = request.parameters.get("binary_data_output") is True
    if not request.outputs:
        return [RequestedOutput(spec.name, is_binary) for spec in outputs.specs]
    specs = {spec.name: spec for spec in outputs.specs}
    for output in request.outputs:
        if output.name not in specs:
            known, name = ", ".join(specs), output.name[:50]
            raise InvalidInputError(f"Unknown output {name!r}; the model returns {known}")
        check_output_type(specs[output.name], output.parameters)
    if len({output.name for output in request.outputs}) != len(request.outputs):
        raise InvalidInputError("An output is requested twice")
    return [
        RequestedOutput(output.name, output.parameters.get("binary_data", is_binary) is True)
        for output in request.outputs
    ]
