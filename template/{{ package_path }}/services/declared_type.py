"""Check values against the types that a model declares."""

from typing import Annotated, Any

from pydantic import ConfigDict, FailFast, TypeAdapter, ValidationError, create_model
from pydantic_core import to_json

from ..core.errors import ConfigError
from ..models.base import Model
from ..models.json_types import json_dump, json_example
from ..utils.helpers import ARRAYS, MAX_ERRORS, check_json


class WrongTypeError(TypeError):
    """A method of the model returned a value that is not of its declared type, or not JSON."""


class DeclaredType:
    """The declared return type of a model's method."""

    def __init__(self, kind: Any, method: str) -> None:
        self._dump = json_dump(kind)
        self._method = f"{method} is declared to return {_name(kind)}, but returned"
        if TypeAdapter(kind).core_schema["type"] in ARRAYS:
            kind = Annotated[kind, FailFast()]  # listing all errors would take long
        self._response: Any = create_model(
            "Response", __config__=ConfigDict(allow_inf_nan=False), value=(kind, ...)
        )

    def check(self, value: Any, *, as_response: bool = False) -> Any:
        """Return a value as its declared type.

        Args:
            value: The value that the method returned.
            as_response: Also serialize it as a response, which may fail for a custom class.

        Raises:
            WrongTypeError: The value is not of the declared type, or JSON cannot represent it.
        """
        try:
            valid = self._response(value=value)
            check_json(valid.value, self._dump)
            if as_response:
                valid.model_dump_json()
        except ValueError as exc:
            raise WrongTypeError(f"{self._method} {_name(type(value))}: {_reason(exc)}") from None
        return valid.value


def valid_example(model: Model) -> Any:
    """Return the example of a model as its input type; None if it has none.

    Raises:
        ConfigError: The example is not of that type.
    """
    if model.example is None:
        return None
    kind = model.signature().input
    adapter = TypeAdapter(kind)
    try:
        return adapter.validate_python(model.example, strict=True)
    except ValidationError:
        pass  # it may be in its JSON form, or already validated
    written = json_example(kind, model.example)
    if written is None:
        written = model.example
    try:
        return adapter.validate_json(to_json(written), strict=True)
    except ValueError as exc:
        name = type(model).__qualname__
        raise ConfigError(
            f"{name}.example is not a valid input of {name}.predict, which takes {_name(kind)}: "
            f"{_reason(exc)}"
        ) from None


def _name(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) else str(kind).replace("typing.", "")


def _reason(exc: ValueError) -> str:
    if not isinstance(exc, ValidationError):
        return f"not JSON: {exc}"
    if exc.error_count() > MAX_ERRORS:
        return f"more than {MAX_ERRORS} errors"
    error = exc.errors(include_url=False, include_context=False, include_input=False)[0]
    return f"{'.'.join(map(str, error['loc']))}: {error['msg']}".removeprefix(": ")
