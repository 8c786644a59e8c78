"""Answers of the Open Inference Protocol, as JSON or with binary tensors; compressed on demand."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Response
from pydantic_core import to_json

from ..services.tensor_data import Tensor, pack
from .compression import compress
from .inference_request import JSON_LENGTH, Wanted

JSON, BINARY = "application/json", "application/octet-stream"


def write_response(
    answer: Mapping[str, Any],
    tensors: Sequence[Tensor],
    wanted: Sequence[Wanted],
    accepted: str,
) -> Response:
    """Write an answer.

    Args:
        answer: What it has besides the outputs.
        tensors: All tensors that came out.
        wanted: Which of them are asked for.
        accepted: The header `Accept-Encoding`.

    Raises:
        PredictionError: An element does not fit its datatype.
    """
    outputs, parts = [], [b""]
    by_name = {tensor.name: tensor for tensor in tensors}
    for name, is_binary in wanted:
        tensor = by_name.get(name)
        if tensor is None:
            continue  # the model may leave it out
        output: dict[str, Any] = {"name": name, "datatype": tensor.datatype, "shape": tensor.shape}
        if is_binary:
            parts.append(pack(tensor))
            output["parameters"] = {"binary_data_size": len(parts[-1])}
        else:
            output["data"] = tensor.data
        outputs.append(output)
    parts[0] = to_json({**answer, "outputs": outputs})
    content, encoding = compress(b"".join(parts), accepted)
    is_binary = len(parts) > 1
    response = Response(content, media_type=BINARY if is_binary else JSON)
    if is_binary:
        response.raw_headers.append((JSON_LENGTH.encode(), str(len(parts[0])).encode()))
    if encoding:
        response.headers.update({"Content-Encoding": encoding, "Vary": "Accept-Encoding"})
    return response
