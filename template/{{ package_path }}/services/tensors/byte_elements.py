"""Elements of `BYTES`: bytes, text, or JSON as text."""

from typing import Any

from pydantic_core import from_json

from ...core.errors import InvalidInputError
from ...models.core_schemas import from_base64
from ...utils.helpers import check_json
from .spec import TensorSpec


def read_bytes(element: str | bytes, spec: TensorSpec, is_base64: bool) -> Any:
    """Decode an element to the type that the model declares.

    Raises:
        InvalidInputError: The element is not valid JSON, text or base64.
    """
    try:
        if is_base64:
            element = from_base64(element.encode() if isinstance(element, str) else element)
        if spec.is_raw:
            return element.encode() if isinstance(element, str) else element
        if spec.is_json:
            value = from_json(element, allow_inf_nan=False)
            check_json(value)  # 1e400 is infinite, too
            return value
        return element if isinstance(element, str) else element.decode()
    except ValueError as exc:
        what = "base64" if is_base64 else "JSON" if spec.is_json else "UTF-8"
        raise InvalidInputError(f"{spec.name} has elements that are not valid {what}") from exc
