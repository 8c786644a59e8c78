"""Values to tensors of the Open Inference Protocol, and tensors to values.

Values are what JSON can tell, as Python holds it: numbers, text, lists, mappings. Several of them
share a tensor, whose first dimension counts them.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from pydantic_core import from_json, to_json

from ..core.errors import InvalidInputError
from .tensor_data import FAMILIES, Tensor, elements
from .tensor_spec import VARIABLE, TensorForm, TensorSpec


def to_values(form: TensorForm, tensors: Sequence[Tensor], most: int) -> list[Any]:
    """Read values, at most so many, out of tensors.

    Raises:
        InvalidInputError: The tensors are not what is declared, or disagree with themselves.
    """
    if not form.has_fields and len(tensors) == 1 and tensors[0].name == form.specs[0].name:
        return _read(tensors[0], form.specs[0], most)
    _check_names(form, tensors)
    specs = {spec.name: spec for spec in form.specs}
    columns = {tensor.name: _read(tensor, specs[tensor.name], most) for tensor in tensors}
    if len({len(column) for column in columns.values()}) != 1:
        raise InvalidInputError("The first dimensions of the inputs differ")
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def to_tensors(form: TensorForm, values: Sequence[Any]) -> list[Tensor]:
    """Put values into tensors, their elements in a row.

    Raises:
        InvalidInputError: The values differ in their shapes, so that no tensor holds them all.
    """
    tensors = []
    for spec in form.specs:
        if form.has_fields and any(spec.name not in value for value in values):
            continue  # it may be left out
        data = [value[spec.name] for value in values] if form.has_fields else list(values)
        if spec.is_json:
            data = [to_json(value).decode() for value in data]
        shape = [len(data)]
        for _ in spec.shape:
            sizes = {len(part) for part in data} or {0}
            if len(sizes) > 1:
                raise InvalidInputError(f"{spec.name} has a shape for each input; send them alone")
            shape += sizes
            data = list(chain.from_iterable(data))
        tensors.append(Tensor(spec.name, spec.datatype, shape, data))
    return tensors


def _check_names(form: TensorForm, tensors: Sequence[Tensor]) -> None:
    known, given = [spec.name for spec in form.specs], [tensor.name for tensor in tensors]
    for name in given:
        if name not in known:
            raise InvalidInputError(f"No input {name[:50]!r}; the model takes {', '.join(known)}")
    for spec in form.specs:
        if spec.is_required and spec.name not in given:
            raise InvalidInputError(f"The input {spec.name} is missing")
    if len(set(given)) != len(given):
        raise InvalidInputError("An input is given twice")


def _read(tensor: Tensor, spec: TensorSpec, most: int) -> list[Any]:
    """Give the values that a tensor holds, after a look at all that it says of itself."""
    shape = _checked_shape(spec, tensor.datatype, tuple(tensor.shape), most)
    flat = elements(tensor)
    if len(flat) != math.prod(shape):
        raise InvalidInputError(f"{spec.name} has {len(flat)} elements; its shape says otherwise")
    if spec.datatype == "BYTES":
        flat = [_read_bytes(element, spec) for element in flat]
    for size in reversed(shape[1:]):
        flat = [flat[start : start + size] for start in range(0, len(flat), size)]
    return flat


@lru_cache(maxsize=1024)
def _checked_shape(
    spec: TensorSpec, datatype: str, shape: tuple[int, ...], most: int
) -> tuple[int, ...]:
    """Give the shape of a tensor, if that and its datatype are as declared."""
    if FAMILIES.get(datatype) != FAMILIES[spec.datatype]:
        raise InvalidInputError(f"{spec.name} must have datatype {spec.datatype}")
    if not spec.shape and len(shape) == 2 and shape[1] == 1:
        shape = shape[:1]  # single values as some clients send them: [n, 1]
    pairs = zip((VARIABLE, *spec.shape), shape, strict=False)
    if len(shape) != 1 + len(spec.shape) or any(d not in {VARIABLE, size} for d, size in pairs):
        raise InvalidInputError(f"{spec.name} must have shape {[VARIABLE, *spec.shape]}")
    if min(shape) < 1 or shape[0] > most:
        raise InvalidInputError(f"{spec.name} may hold 1 to {most} inputs, none of them empty")
    return shape


def _read_bytes(element: str | bytes, spec: TensorSpec) -> Any:
    try:
        if spec.is_raw:
            return element.encode() if isinstance(element, str) else element
        if spec.is_json:
            return from_json(element, allow_inf_nan=False)
        return element if isinstance(element, str) else element.decode()
    except ValueError as exc:
        what = "JSON" if spec.is_json else "UTF-8"
        raise InvalidInputError(f"{spec.name} has elements that are no {what}") from exc
