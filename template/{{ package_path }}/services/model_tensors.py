"""What goes in and out of a model, as tensors of the Open Inference Protocol."""

from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, to_json

from ..core.errors import InvalidInputError
from ..models.base import Signature
from .tensor_data import Tensor
from .tensor_spec import describe_type
from .tensors import Layout, to_tensors, to_values

INPUT, OUTPUT = "input", "prediction"  # of types whose fields do not name their tensors


class ModelTensors:
    """Tensors to inputs of a model, and predictions to tensors, as the model's types declare."""

    def __init__(self, signature: Signature) -> None:
        self.inputs = describe_type(signature.input, INPUT)
        self.outputs = describe_type(signature.output, OUTPUT, mode="serialization")
        self._input = TypeAdapter(signature.input)
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
            return self._input.validator.validate_python(value, strict=True)
        except ValidationError as exc:
            invalid = exc
        try:  # JSON has fewer types: strictness there takes a text for a date, a list for a tuple
            return self._input.validator.validate_json(to_json(value), strict=True)
        except ValidationError as exc:
            invalid = exc
        except PydanticSerializationError:
            pass  # bytes that are no text
        error = invalid.errors(include_url=False, include_context=False, include_input=False)[0]
        where = [*([] if number is None else [number]), *error["loc"]]
        raise InvalidInputError(f"input {'.'.join(map(str, where))}: {error['msg']}")

    def write(self, predictions: Sequence[Any]) -> list[Tensor]:
        """Put predictions into tensors.

        Raises:
            InvalidInputError: No tensor holds them side by side.
        """
        dump = self._output.serializer.to_python
        return to_tensors(self.outputs, [dump(value, mode="json") for value in predictions])

    def write_inputs(self, inputs: Sequence[Any]) -> list[Tensor]:
        """Put inputs into tensors: examples are made of it."""
        dump = self._input.serializer.to_python
        return to_tensors(self.inputs, [dump(value, mode="json") for value in inputs])
