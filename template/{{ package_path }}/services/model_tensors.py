"""What goes in and out of a model, as tensors of the Open Inference Protocol."""

from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, SchemaValidator, to_json

from ..core.errors import InvalidInputError
from ..models.base import Signature
from ..utils.helpers import ARRAYS
from .tensor_data import Tensor
from .tensor_spec import describe_type
from .tensors import Layout, to_tensors, to_values

MOST_LISTED = 100
INPUT, OUTPUT = "input", "prediction"  # of types whose fields do not name their tensors


class ModelTensors:
    """Tensors to inputs of a model, and predictions to tensors, as the model's types declare."""

    def __init__(self, signature: Signature) -> None:
        self.inputs = describe_type(signature.input, INPUT)
        self.outputs = describe_type(signature.output, OUTPUT, mode="serialization")
        self._input = TypeAdapter(signature.input)
        # A megabyte of wrong elements would take long to list.
        self._validator = SchemaValidator(_stopping_early(self._input.core_schema))
        self._output = TypeAdapter(signature.output)

    def read(self, layouts: Sequence[Layout], data: Sequence[Any]) -> list[Any]:
        """Read inputs, and validate each as the model declares it.

        Raises:
            InvalidInputError: What the tensors hold is not what is declared.
        """
        values = to_values(self.inputs, layouts, data)
        return [self.validate(value, number) for number, value in enumerate(values)]

    def validate(self, value: Any, number: int | None = None) -> Any:
        """Validate what JSON can tell as the model declares its input.

        Args:
            value: As Python holds it.
            number: Which of several it is, for the message.

        Raises:
            InvalidInputError: It is not of the declared type.
        """
        try:
            return self._validator.validate_python(value, strict=True)
        except ValidationError as exc:
            invalid = exc
        if invalid.error_count() > MOST_LISTED:
            raise InvalidInputError(f"The input has more than {MOST_LISTED} mistakes")
        try:  # JSON has fewer types: strictness there takes a text for a date, a list for a tuple
            return self._validator.validate_json(to_json(value), strict=True)
        except ValidationError as exc:
            invalid = exc
        except PydanticSerializationError:
            pass  # bytes that are no text
        before = () if number is None else (number,)
        where, what = first_mistake(invalid, *before)
        raise InvalidInputError(f"input {where}: {what}")

    def write(self, predictions: Sequence[Any]) -> list[Tensor]:
        """Put predictions into tensors.

        Raises:
            InvalidInputError: No tensor holds them side by side.
        """
        return to_tensors(self.outputs, _dumped(self._output, predictions))

    def write_inputs(self, inputs: Sequence[Any]) -> list[Tensor]:
        """Put inputs into tensors: examples are made of it."""
        return to_tensors(self.inputs, _dumped(self._input, inputs))


def first_mistake(invalid: ValidationError, *before: int) -> tuple[str, str]:
    """Give the place of the first mistake, behind that of the whole, and what it is."""
    error = invalid.errors(include_url=False, include_context=False, include_input=False)[0]
    return ".".join(map(str, (*before, *error["loc"]))), error["msg"]


def _dumped(adapter: TypeAdapter[Any], values: Sequence[Any]) -> list[Any]:
    dump = adapter.serializer.to_python
    return [dump(value, mode="json", by_alias=True, warnings=False) for value in values]


def _stopping_early(schema: Any) -> Any:
    """Give a schema whose arrays, one inside the other, stop at their first mistake."""
    if schema["type"] not in ARRAYS:
        return schema
    items = schema.get("items_schema")
    inner = {"items_schema": _stopping_early(items)} if isinstance(items, dict) else {}
    return {**schema, **inner, "fail_fast": True}
