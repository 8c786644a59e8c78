"""Values to tensors of the Open Inference Protocol, and tensors to values.

Values are what JSON can tell, as Python holds it: numbers, text, lists, mappings. Several of them
share a tensor, whose first dimension counts them.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from pydantic_core import from_json, to_json

from ..core.errors import InvalidInputError, PredictionError
from ..utils.helpers import check_json
from .tensor_data import FAMILIES, Tensor, bounds, elements
from .tensor_spec import VARIABLE, TensorForm, TensorSpec


class Layout(NamedTuple):
    """How the elements of a tensor stand, once that is known to be as declared."""

    spec: TensorSpec
    datatype: str
    shape: Sequence[int]
    """As it is given; elements in JSON may be nested so."""
    total: int
    """How many elements."""
    sizes: Sequence[int]
    """Dimensions of one value, the last one first."""
    bounds: tuple[int, int] | None
    """Of integers: the least and the greatest that both datatypes have."""


def lay_out(form: TensorForm, tensors: Sequence[Tensor], most: int) -> list[Layout]:
    """Look at all that tensors say of themselves, but not at what they hold.

    Args:
        form: What is declared.
        tensors: What is given.
        most: How many values they may hold.

    Raises:
        InvalidInputError: They are not what is declared.
    """
    specs, names = {spec.name: spec for spec in form.specs}, [tensor.name for tensor in tensors]
    for name in names:
        if name not in specs:
            raise InvalidInputError(f"No input {name[:50]!r}; the model takes {', '.join(specs)}")
    for spec in form.specs:
        if spec.is_required and spec.name not in names:
            raise InvalidInputError(f"The input {spec.name} is missing")
    if len(set(names)) != len(names):
        raise InvalidInputError("An input is given twice")
    layouts = [_lay_out(specs[tensor.name], tensor, most) for tensor in tensors]
    if len({layout.shape[0] for layout in layouts}) != 1:
        raise InvalidInputError("The first dimensions of the inputs differ")
    return layouts


def to_values(form: TensorForm, layouts: Sequence[Layout], data: Sequence[Any]) -> list[Any]:
    """Read values out of the elements of tensors, or out of their binary form.

    Raises:
        InvalidInputError: The data are not what their tensors say.
    """
    columns = [_read(layout, part) for layout, part in zip(layouts, data, strict=True)]
    if not form.has_fields:
        return columns[0]
    names = [layout.spec.name for layout in layouts]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def to_tensors(form: TensorForm, values: Sequence[Any]) -> list[Tensor]:
    """Put values into tensors, their elements in a row.

    Raises:
        InvalidInputError: The values differ in their shapes, so that no tensor holds them all.
        PredictionError: A value has lists of several lengths, so that no tensor holds it.
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
            sizes = {len(part) for part in data} or {0}
            if len(sizes) > 1 and len(values) == 1:
                raise PredictionError(f"{spec.name} has lists of several lengths: no tensor")
            if len(sizes) > 1:
                raise InvalidInputError(f"{spec.name} has a shape for each input; send them alone")
            shape += sizes
            data = list(chain.from_iterable(data))
        tensors.append(Tensor(spec.name, spec.datatype, shape, data))
    return tensors


def _is_absent(spec: TensorSpec, value: Mapping[str, Any]) -> bool:
    return spec.name not in value or not (spec.is_required or value[spec.name] is not None)


def _lay_out(spec: TensorSpec, tensor: Tensor, most: int) -> Layout:
    name, datatype, shape, _ = tensor
    if FAMILIES.get(datatype) != FAMILIES[spec.datatype]:
        raise InvalidInputError(f"{name} has datatype {spec.datatype}, not {datatype[:20]}")
    if not spec.shape and len(shape) == 2 and shape[1] == 1:
        sizes: Sequence[int] = ()  # single values as some clients send them: [n, 1]
    else:
        sizes = shape[1:]
        pairs = zip((VARIABLE, *spec.shape), shape, strict=False)
        if len(shape) != 1 + len(spec.shape) or any(d not in {VARIABLE, n} for d, n in pairs):
            raise InvalidInputError(f"{name} has shape {[VARIABLE, *spec.shape]}, not {[*shape]}")
    if min(shape) < 1 or shape[0] > most:
        raise InvalidInputError(f"{name} may hold 1 to {most} inputs, none of them empty")
    both = None
    if FAMILIES[datatype] == "INT":
        least, greatest = zip(bounds(spec.datatype), bounds(datatype), strict=True)
        both = (max(least), min(greatest))
    return Layout(spec, datatype, shape, math.prod(shape), sizes[::-1], both)


def _read(layout: Layout, data: list[Any] | bytes) -> list[Any]:
    spec, datatype, shape, total, sizes, both = layout
    flat = elements(spec.name, datatype, shape, data)
    if len(flat) != total:
        raise InvalidInputError(f"{spec.name} has {len(flat)} elements, its shape {total}")
    if both and not both[0] <= min(flat) <= max(flat) <= both[1]:
        raise InvalidInputError(f"{spec.name} has integers beyond {both[0]} to {both[1]}")
    if datatype == "BYTES":
        flat = [_read_bytes(element, spec) for element in flat]
    for size in sizes:
        flat = [flat[start : start + size] for start in range(0, len(flat), size)]
    return flat


def _read_bytes(element: str | bytes, spec: TensorSpec) -> Any:
    try:
        if spec.is_raw:
            return element.encode() if isinstance(element, str) else element
        if spec.is_json:
            value = from_json(element, allow_inf_nan=False)
            check_json(value)  # 1e400 is infinite, too
            return value
        return element if isinstance(element, str) else element.decode()
    except ValueError as exc:
        what = "JSON" if spec.is_json else "UTF-8"
        raise InvalidInputError(f"{spec.name} has elements that are no {what}") from exc
