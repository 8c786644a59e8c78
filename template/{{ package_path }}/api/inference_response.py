"""Answers of the Open Inference Protocol, as JSON or with binary tensors; compressed on demand."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from fastapi import Response
from pydantic_core import to_json
from starlette.datastructures import Headers

from ..services.tensor_data import Tensor, pack
from .compression import compress
from .inference_plan import Wanted
from .inference_request import JSON_LENGTH, KEPT

JSON, BINARY = "application/json", "application/octet-stream"

Output = tuple[str, str, tuple[int, ...], Any]
"""Name, datatype, shape, and elements; or how many bytes they have behind the JSON."""


class ResponseWriter:
    """Writes answers of one model. The JSON before binary tensors is kept, as that of requests."""

    def __init__(self, answer: Mapping[str, str], headers: Mapping[str, str]) -> None:
        """Take what every answer has, besides its outputs: fields and headers."""
        self._answer = answer
        self._headers = Headers(headers).raw  # encoded once, not for each answer
        self._kept_json = lru_cache(maxsize=KEPT)(self._json)

    def write(
        self,
        request_id: str | None,
        tensors: Sequence[Tensor],
        wanted: Sequence[Wanted],
        accepted: str,
    ) -> Response:
        """Write an answer.

        Args:
            request_id: What the request was called.
            tensors: All that came out, their elements in a row.
            wanted: Which of them are asked for.
            accepted: The header `Accept-Encoding`.

        Raises:
            PredictionError: An element does not fit its datatype.
        """
        by_name = {tensor.name: tensor for tensor in tensors}
        outputs: list[Output] = []
        parts: list[bytes] = []
        for name, is_binary in wanted:
            tensor = by_name.get(name)
            if tensor is None:
                continue  # a field that the model left out
            _, datatype, shape, data = tensor
            if is_binary:
                parts.append(pack(tensor))
            told = len(parts[-1]) if is_binary else data
            outputs.append((name, datatype, tuple(shape), told))
        is_kept = request_id is None and len(parts) == len(outputs)
        json = (self._kept_json if is_kept else self._json)(tuple(outputs), request_id)
        return self._respond(json, parts, accepted)

    def _json(self, outputs: tuple[Output, ...], request_id: str | None) -> bytes:
        told = []
        for name, datatype, shape, data in outputs:
            output = {"name": name, "datatype": datatype, "shape": shape, "data": data}
            if type(data) is int:
                del output["data"]
                output["parameters"] = {"binary_data_size": data}
            told.append(output)
        given = {} if request_id is None else {"id": request_id}
        return to_json({**self._answer, **given, "outputs": told})

    def _respond(self, json: bytes, parts: Sequence[bytes], accepted: str) -> Response:
        content, encoding = b"".join((json, *parts)), ""
        if accepted:
            content, encoding = compress(content, accepted)
        response = Response(content, media_type=BINARY if parts else JSON)
        response.raw_headers += self._headers
        if parts:
            response.raw_headers.append((JSON_LENGTH, b"%d" % len(json)))
        if encoding:
            response.headers.update({"Content-Encoding": encoding, "Vary": "Accept-Encoding"})
        return response
