"""Log lines of predictions."""

import logging
import time
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from typing import Any

from pydantic import BaseModel

from ..core.errors import InvalidInputError, ServiceError, TransientModelError

logger = logging.getLogger(__name__)

SHOWN = 50  # characters of an input or result
SHOWN_OF_ERROR = 2000  # characters of an exception


class PredictionLog:
    """Write lines with the model and its version, and with values cut or left out."""

    def __init__(self, model: str, *, show_values: bool) -> None:
        self.model = model
        self._show_values = show_values

    def result(self, prediction: object, ms: float) -> None:
        """Log a prediction and its milliseconds."""
        self.line(logging.INFO, "Prediction result: %s", prediction, ms=ms)

    def failure(self, exc: Exception, ms: float) -> None:
        """Log a failed prediction: how severe it is depends on whose error it was."""
        level = logging.WARNING if isinstance(exc, ServiceError) else logging.ERROR
        if isinstance(exc, InvalidInputError):
            level = logging.INFO
        reason = exc.__cause__ if isinstance(exc.__cause__, TransientModelError) else exc
        self.line(level, "Error during prediction: %s", reason, ms=ms)

    def line(self, level: int, message: str, value: object, **fields: object) -> None:
        """Log a line about a value; for an exception at level ERROR, with its traceback."""
        if logger.isEnabledFor(level):
            # A traceback ends with the message, which may quote the input.
            trace = self._show_values and level == logging.ERROR and isinstance(value, Exception)
            shown = show(value) if self._show_values else f"({type(value).__name__}, not shown)"
            logger.log(level, message, shown, exc_info=trace, extra={"model": self.model, **fields})


def ms_since(started: float) -> float:
    """Return the milliseconds since a time of `time.perf_counter`."""
    return round((time.perf_counter() - started) * 1000, 3)


def show(value: object) -> str:
    """Return the beginning of a value, at a cost that does not grow with the value."""
    if isinstance(value, str):
        return value[:SHOWN]
    room = SHOWN_OF_ERROR if isinstance(value, BaseException) else SHOWN
    try:
        return _text(value, room)[:room]
    except Exception:  # noqa: BLE001  (of a custom class)
        return f"<{type(value).__name__}>"


def _text(value: Any, room: int) -> str:
    """Return the representation of a value, up to about `room` characters."""
    if isinstance(value, str | bytes | bytearray):
        return repr(value[:room])
    if isinstance(value, float) or value is None:
        return repr(value)
    if (shape := _shape(value)) is None:  # `repr` of an array or a table would read all of it
        return f"<{type(value).__name__}>" if hasattr(value, "__len__") else repr(value)
    text, items, end = shape
    between = ""
    for name, item in items:
        text += between + name
        if len(text) >= room:
            return text
        is_long = isinstance(item, str) or room <= SHOWN  # limits the depth of recursion
        text += _text(item, room - len(text) if is_long else SHOWN)
        between = ", "
    return text + end


def _shape(value: Any) -> tuple[str, Iterable[tuple[str, Any]], str] | None:
    """Return the beginning of a representation, its named items, and its end."""
    kind: Any = type(value)
    if isinstance(value, list | tuple | set | frozenset):
        start, end = "[]" if isinstance(value, list) else "()" if kind is tuple else "{}"
        return start, (("", item) for item in value), end
    if isinstance(value, dict):
        return "{", ((f"{_text(key, SHOWN)}: ", item) for key, item in value.items()), "}"
    if isinstance(value, BaseException) and kind.__repr__ is BaseException.__repr__:
        return f"{kind.__name__}(", (("", item) for item in value.args), ")"
    if isinstance(value, BaseModel) and kind.__repr__ is BaseModel.__repr__:
        named = ((f"{name}=", item) for name, item in value.__repr_args__())
        return f"{kind.__name__}(", named, ")"
    if is_dataclass(value) and hasattr(kind.__repr__, "__wrapped__"):  # the generated one
        shown = ((f"{f.name}=", getattr(value, f.name)) for f in fields(value) if f.repr)
        return f"{kind.__name__}(", shown, ")"
    return None
