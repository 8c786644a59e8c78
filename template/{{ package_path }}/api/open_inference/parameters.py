"""Check the parameters of a request; flatten the card of the model into parameters.

Unknown names are ignored, as the protocol requires, and so are hints about how to serve a request:
`priority`, `timeout`, `headers`, `triton_enable_empty_final_response`.
"""

import json
from collections.abc import Mapping
from typing import Any

from ...core.errors import InvalidInputError
from ...services.tensors.spec import TensorSpec

UNSUPPORTED = {
    "classification",
    "sequence_id",
    "sequence_start",
    "sequence_end",
    "shared_memory_region",
    "shared_memory_byte_size",
    "shared_memory_offset",
}
FLAGS = {"binary_data_output", "binary_data"}
BASE64 = "base64"
OF_REQUEST = {"np", "str", "pd"}  # content types that clients of MLServer send

Parameters = Mapping[str, Any]


def check_parameters(parameters: Parameters) -> None:
    """Check that all parameters that change the meaning of a request are supported.

    Raises:
        InvalidInputError: A parameter is not supported, or is not a boolean.
    """
    if not UNSUPPORTED.isdisjoint(parameters):
        name = min(UNSUPPORTED & parameters.keys())
        raise InvalidInputError(f"The parameter {name} is not supported")
    for name in FLAGS & parameters.keys():
        if not isinstance(parameters[name], bool):
            raise InvalidInputError(f"The parameter {name} must be true or false")


def check_content_type(parameters: Parameters) -> None:
    """Check the content type of a whole request; each tensor may have its own.

    Raises:
        InvalidInputError: The content type is not supported.
    """
    _check("the request", parameters.get("content_type"), OF_REQUEST)


def is_base64(spec: TensorSpec, parameters: Parameters) -> bool:
    """Return whether the elements of an input are encoded as base64.

    Raises:
        InvalidInputError: The content type does not fit the datatype.
    """
    kinds = {BASE64, "str", "np"} if spec.datatype == "BYTES" else {"np"}
    _check(spec.name, parameters.get("content_type"), kinds | _of_json(spec))
    return parameters.get("content_type") == BASE64


def check_output_type(spec: TensorSpec, parameters: Parameters) -> None:
    """Check the content type that a request sets for an output.

    Raises:
        InvalidInputError: The output does not have this content type.
    """
    kinds = {"str", "np"} if spec.datatype == "BYTES" else {"np"}
    kinds = {BASE64} if spec.is_raw else kinds
    _check(spec.name, parameters.get("content_type"), kinds | _of_json(spec))


def _of_json(spec: TensorSpec) -> set[str]:
    return {"application/json", "json"} if spec.is_json else set()


def _check(what: str, content_type: Any, known: set[str]) -> None:
    if content_type is not None and content_type not in sorted(known):
        rule = f"must be one of {', '.join(sorted(known))}; not {str(content_type)[:50]!r}"
        raise InvalidInputError(f"The content_type of {what} {rule}")


def as_parameters(card: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Return the card as parameters: texts, numbers, booleans by names as `metrics.accuracy`."""
    flat: dict[str, Any] = {}
    for key, value in card.items():
        if isinstance(value, dict):
            flat |= as_parameters(value, f"{above}{key}.")
        else:
            is_plain = isinstance(value, str | int | float)
            flat[f"{above}{key}"] = value if is_plain else json.dumps(value)
    return flat
