"""Convert values to tensors of the Open Inference Protocol, and tensors to values.

Values are JSON as Python objects: numbers, text, lists, mappings. Several of them share a tensor,
whose first dimension is their number.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from pydantic_core import to_json

from ...core.errors import InvalidInputError, PredictionError
from ...models.core_schemas import from_base64
from .byte_elements import read_bytes
from .datatype_limits import bounds
from .elements import FAMILIES, Tensor, elements
from .spec import VARIABLE, TensorForm, TensorSpec


class Layout(NamedTuple):
    """A checked tensor: how its elements are arranged."""

    spec: TensorSpec
    datatype: str
    shape: Sequence[int]
    """Shape in the request; elements in JSON may be nested by it."""
    total: int
    """Number of elements."""
    sizes: Sequence[int]
    """Dimensions of one value, the last one first."""
    bounds: tuple[int, int] | None
    """Least and greatest integer of both datatypes; None for other elements."""
    is_base64: bool = False
    """Whether its elements are encoded as base64."""


def check_layout(form: TensorForm, tensors: Sequence[Tensor], most: int) -> list[Layout]:
    """Check names, datatypes and shapes of the tensors; leave their elements unread.

    Args:
        form: The declared tensors.
        tensors: The tensors of the request.
        most: Maximum number of values.

    Raises:
        InvalidInputError: The tensors differ from the declared ones.
    """
    specs, names = {spec.name: spec for spec in form.specs}, [tensor.name for tensor in tensors]
    for name in names:
        if name not in specs:
            known = ", ".join(specs)
            raise InvalidInputError(f"Unknown input {name[:50]!r}; the model takes {known}")
    for spec in form.specs:
        if spec.is_required and spec.name not in names:
            raise InvalidInputError(f"The input {spec.name} is missing")
    if len(set(names)) != len(names):
        raise InvalidInputError("An input is sent twice")
    layouts = [_check_tensor(specs[tensor.name], tensor, most) for tensor in tensors]
    if len({layout.shape[0] for layout in layouts}) != 1:
        raise InvalidInputError("The first dimensions of the inputs differ")
    return layouts


def to_values(form: TensorForm, layouts: Sequence[Layout], data: Sequence[Any]) -> list[Any]:
    """Read values from the elements of tensors, or from their binary form.

    Raises:
        InvalidInputError: The data do not fit the shapes or datatypes.
    """
    columns = [_read(layout, column) for layout, column in zip(layouts, data, strict=True)]
    if not form.has_fields:
        return columns[0]
    names = [layout.spec.name for layout in layouts]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def to_tensors(form: TensorForm, values: Sequence[Any]) -> list[Tensor]:
    """Convert values to tensors with flat elements.

    Raises:
        InvalidInputError: The values differ in shape.
        PredictionError: A value has lists of different lengths.
    """
    tensors = []
    for spec in form.specs:
        if form.has_fields and any(_is_absent(spec, value) for value in values):
            continue
        data = [value[spec.name] for value in values] if form.has_fields else values
        if spec.is_json:
            data = [to_json(value).decode() for value in data]
        shape = [len(data)]
        for _ in spec.shape:
            sizes = {len(row) for row in data} or {0}
            if len(sizes) > 1 and len(values) == 1:
                raise PredictionError(f"{spec.name} has lists of different lengths: no tensor")
            if len(sizes) > 1:
                problem = f"{spec.name} has another shape for each input"
                raise InvalidInputError(f"{problem}; send them in separate requests")
            shape += sizes
            data = list(chain.from_iterable(data))
        if spec.is_raw:
            data = [from_base64(text.encode()) for text in data]
        tensors.append(Tensor(spec.name, spec.datatype, shape, data))
    return tensors


def _is_absent(spec: TensorSpec, value: Mapping[str, Any]) -> bool:
    return spec.name not in value or not (spec.is_required or value[spec.name] is not None)


def _check_tensor(spec: TensorSpec, tensor: Tensor, most: int) -> Layout:
    name, datatype, shape, _ = tensor
    if FAMILIES.get(datatype) != FAMILIES[spec.datatype]:
        raise InvalidInputError(f"{name} must have datatype {spec.datatype}, not {datatype[:20]}")
    if not spec.shape and len(shape) == 2 and shape[1] == 1:
        sizes: Sequence[int] = ()  # some clients send single values as [n, 1]
    else:
        sizes = shape[1:]
        pairs = zip((VARIABLE, *spec.shape), shape, strict=False)
        if len(shape) != 1 + len(spec.shape) or any(d not in {VARIABLE, n} for d, n in pairs):
            declared = [VARIABLE, *spec.shape]
            raise InvalidInputError(f"{name} must have shape {declared}, not {[*shape]}")
    if min(shape) < 1 or shape[0] > most:
        raise InvalidInputError(f"{name} must have 1 to {most} inputs, none of them empty")
    both = None
    if FAMILIES[datatype] == "INT":
        least, greatest = zip(bounds(spec.datatype), bounds(datatype), strict=True)
        both = (max(least), min(greatest))
    return Layout(spec, datatype, shape, math.prod(shape), sizes[::-1], both)


def _read(layout: Layout, data: list[Any] | bytes) -> list[Any]:
    spec, datatype, shape, total, sizes, both, is_base64 = layout
    flat = elements(spec.name, datatype, shape, data)
    if len(flat) != total:
        raise InvalidInputError(f"{spec.name} has {len(flat)} elements, its shape {total}")
    if both and not both[0] <= min(flat) <= max(flat) <= both[1]:
        raise InvalidInputError(f"{spec.name} must have integers from {both[0]} to {both[1]}")
    if datatype == "BYTES":
        flat = [read_bytes(element, spec, is_base64) for element in flat]
    for size in sizes:
        flat = [flat[start : start + size] for start in range(0, len(flat), size)]
    return flat
