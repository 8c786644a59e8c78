"""Inputs and predictions of a model as tensors of the Open Inference Protocol."""

from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, SchemaValidator, to_json

from ...core.errors import InvalidInputError, ServiceError
from ...models.base import Signature
from ...models.json_types import json_dump, json_type
from ...utils.helpers import MAX_ERRORS, stop_early
from .elements import Tensor
from .layout import Layout, check_layout, to_tensors, to_values
from .spec import describe_type

INPUT, OUTPUT = "input", "prediction"  # names of the tensors of types without fields


class ModelTensors:
    """Convert tensors to inputs of a model, and predictions to tensors."""

    def __init__(self, signature: Signature) -> None:
        self.inputs = describe_type(signature.input, INPUT)
        self.outputs = describe_type(signature.output, OUTPUT, mode="serialization")
        self._input = TypeAdapter(json_type(signature.input, "validation"))
        # Listing the errors of a large tensor would take long.
        self._validator = SchemaValidator(stop_early(self._input.core_schema), _use_prebuilt=False)
        self._dump_output = json_dump(json_type(signature.output, "serialization"))

    def read(self, layouts: Sequence[Layout], data: Sequence[Any]) -> list[Any]:
        """Read inputs, and validate each against the declared type.

        Raises:
            InvalidInputError: An input is not of the declared type.
        """
        return self.validate_all(self.read_values(layouts, data))

    def read_values(self, layouts: Sequence[Layout], data: Sequence[Any]) -> list[Any]:
        """Read values without validating them."""
        return to_values(self.inputs, layouts, data)

    def validate_all(self, values: Sequence[Any]) -> list[Any]:
        """Validate values against the declared type of the input."""
        return [self.validate(value, number) for number, value in enumerate(values)]

    def validate(self, value: Any, number: int | None = None) -> Any:
        """Validate a JSON value against the declared type of the input.

        Args:
            value: The value as Python objects.
            number: Its index among several, for the message.

        Raises:
            InvalidInputError: The value is not of the declared type.
        """
        try:
            return self._validator.validate_python(value, strict=True)
        except ValidationError as exc:
            invalid = exc
        if invalid.error_count() > MAX_ERRORS:
            raise InvalidInputError(f"The input has more than {MAX_ERRORS} errors")
        try:  # strict JSON accepts more: a text for a date, a list for a tuple
            content = to_json(value, bytes_mode="base64")
            return self._validator.validate_json(content, strict=True)
        except ValidationError as exc:
            invalid = exc
        except PydanticSerializationError:
            pass  # half of a surrogate pair
        before = () if number is None else (number,)
        where, what = first_error(invalid, *before)
        raise InvalidInputError(f"input {where}: {what}")

    def write(self, predictions: Sequence[Any]) -> list[Tensor]:
        """Convert predictions to tensors.

        Raises:
            InvalidInputError: The predictions differ in shape.
        """
        return to_tensors(self.outputs, [*map(self._dump_output, predictions)])

    def write_example(self, example: Any) -> list[Tensor]:
        """Convert the JSON of an input to valid tensors of `infer`; return none if it has none."""
        try:
            tensors = [t for t in to_tensors(self.inputs, [example]) if 0 not in t.shape]
            layouts = check_layout(self.inputs, tensors, 1)
            self.read(layouts, [tensor.data for tensor in tensors])
        except (ServiceError, IndexError):
            return []
        return tensors


def first_error(invalid: ValidationError, *before: int) -> tuple[str, str]:
    """Return the location of the first error, prefixed by that of the value, and its message."""
    error = invalid.errors(include_url=False, include_context=False, include_input=False)[0]
    return ".".join(map(str, (*before, *error["loc"]))), error["msg"]
