"""Keys of inputs in the cache: equal keys mean equal inputs, which JSON does not ensure."""

import pickle
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from functools import cache
from hashlib import sha256
from types import FunctionType, SimpleNamespace
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from pydantic_core import TzInfo

SHORT = 64  # longer keys are replaced by their digest
MANY = 200  # objects of classes in an input; pickling them takes time
# Types that are pickled completely, besides built-in ones.
LOSSLESS = {date, datetime, time, timedelta, timezone, TzInfo, Decimal, UUID, type, FunctionType}


class InputPacker(pickle.Pickler):
    """Pickle values so that equal bytes mean equal values."""

    def __init__(self, classes: dict[type, int]) -> None:
        self._parts: list[bytes] = []
        sink: Any = SimpleNamespace(write=self._parts.append)
        super().__init__(sink, 5)
        self.fast = True  # without a memo, so that shared objects make no difference
        self.classes = classes  # a unique number for each class
        self._objects = 0

    def pack(self, value: Any) -> list[bytes]:
        """Pickle a value, as a list of bytes; raise TypeError for an unknown type."""
        self._objects = 0
        self.dump(value)
        parts = [*self._parts]
        self._parts.clear()
        return parts

    def reducer_override(self, value: Any) -> Any:
        """Reduce an object of a custom type to its attributes."""
        kind: Any = type(value)
        if kind in LOSSLESS:
            return NotImplemented
        self._objects += 1
        if self._objects > MANY:
            raise TypeError(f"there are more than {MANY} objects")
        if not (issubclass(kind, Enum) or _has_only_attributes(kind)):
            raise TypeError(f"objects of {kind.__qualname__} have more than attributes")
        state = value._value_ if isinstance(value, Enum) else object.__getstate__(value)
        number = self.classes.setdefault(kind, len(self.classes))
        return identify, (number, state)  # never unpickled, so any function works


def identify(parts: list[bytes]) -> bytes:
    """Return the bytes of a packed value, or their digest if they are long."""
    if len(parts) == 1 and len(parts[0]) <= SHORT:
        return parts[0]
    digest = sha256()
    for part in parts:
        digest.update(part)
    return b"#" + digest.digest()  # no pickle begins like this


@cache
def _has_only_attributes(kind: type) -> bool:
    """Return whether objects of a class consist only of attributes."""
    lowest = kind
    while lowest.__base__ not in {object, None}:
        lowest = lowest.__base__
    return lowest is BaseModel or "__dataclass_fields__" in vars(lowest)
