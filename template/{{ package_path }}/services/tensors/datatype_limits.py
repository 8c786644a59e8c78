"""Ranges of numeric datatypes, and the cost of tensors."""

import math
from collections.abc import Sequence

from ...utils.json_cost import CONTAINER

LIMITS = {"FP16": 65520, "FP32": 2**128 - 2**103}  # round to infinity; FP64 is Python's float
NUMBER_UNITS = 80
UNITS = {"BYTES": 400, "BOOL": 40, "UINT8": 40, "INT8": 40}  # Python caches small integers


def bounds(datatype: str) -> tuple[int, int]:
    """Return the least and the greatest integer of a datatype."""
    bits = int(datatype.lstrip("UINT"))
    if datatype.startswith("U"):
        return 0, 2**bits - 1
    return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1


def are_within(datatype: str, numbers: Sequence[float]) -> bool:
    """Return whether all numbers are finite in this datatype of floats."""
    limit = LIMITS.get(datatype)
    return not limit or not numbers or (-limit < min(numbers) and max(numbers) < limit)


def parsed_units(datatype: str, shape: Sequence[int]) -> int:
    """Return the cost of a tensor's elements as Python objects, in units of `json_cost`."""
    arrays = sum(math.prod(shape[:axis]) for axis in range(1, len(shape)))
    return UNITS.get(datatype, NUMBER_UNITS) * math.prod(shape) + CONTAINER * arrays
