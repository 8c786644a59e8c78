"""Responses of the Open Inference Protocol: JSON or binary tensors, compressed on request."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from fastapi import Response
from pydantic_core import to_json
from starlette.datastructures import Headers

from ...services.tensors.elements import Tensor, check_elements, json_fields, pack
from ..request_cost import JSON_LENGTH
from .compression import compress
from .plan import RequestedOutput
from .request import KEPT

LARGE = 100_000  # bytes
JSON, BINARY = "application/json", "application/octet-stream"

Output = tuple[str, str, tuple[int, ...], Any]
"""Name, datatype, shape, and elements, or the number of their bytes after the JSON."""


class ResponseWriter:
    """Write responses of one model. The JSON before binary tensors is cached, as in requests."""

    def __init__(self, fields: Mapping[str, str], headers: Mapping[str, str]) -> None:
        """Set the fields and headers that every response has."""
        self._fields = fields
        self._headers = Headers(headers).raw  # encoded once, not for each response
        self._kept_json = lru_cache(maxsize=KEPT)(self._json)

    async def write(
        self,
        request_id: str | None,
        tensors: Sequence[Tensor],
        requested: Sequence[RequestedOutput],
        accepted: str,
    ) -> Response:
        """Write a response.

        Args:
            request_id: The id of the request.
            tensors: All outputs, with flat elements.
            requested: The outputs to send.
            accepted: The header `Accept-Encoding`.

        Raises:
            PredictionError: An element does not fit its datatype.
        """
        by_name = {tensor.name: tensor for tensor in tensors}
        outputs: list[Output] = []
        buffers: list[bytes] = []
        for name, is_binary in requested:
            tensor = by_name.get(name)
            if tensor is None:
                continue  # an optional field that the prediction lacks
            _, datatype, shape, data = tensor
            if is_binary:
                buffers.append(pack(tensor))
            else:
                check_elements(tensor)
            size_or_data = len(buffers[-1]) if is_binary else data
            outputs.append((name, datatype, tuple(shape), size_or_data))
        is_kept = request_id is None and len(buffers) == len(outputs)
        json = (self._kept_json if is_kept else self._json)(tuple(outputs), request_id)
        return await self._respond(json, buffers, accepted)

    def _json(self, outputs: tuple[Output, ...], request_id: str | None) -> bytes:
        described = [
            {"name": name, "datatype": datatype, "shape": shape, **_data_fields(data)}
            for name, datatype, shape, data in outputs
        ]
        ids = {} if request_id is None else {"id": request_id}
        return to_json({**self._fields, **ids, "outputs": described})

    async def _respond(self, json: bytes, buffers: Sequence[bytes], accepted: str) -> Response:
        content, encoding = b"".join((json, *buffers)), ""
        if accepted:
            if len(content) > LARGE:  # zlib releases the interpreter lock
                content, encoding = await asyncio.to_thread(compress, content, accepted)
            else:
                content, encoding = compress(content, accepted)
        response = Response(content, media_type=BINARY if buffers else JSON)
        response.raw_headers += self._headers
        if buffers:
            response.raw_headers.append((JSON_LENGTH, b"%d" % len(json)))
        if encoding:
            response.headers.update({"Content-Encoding": encoding, "Vary": "Accept-Encoding"})
        return response


def _data_fields(data: Any) -> dict[str, Any]:
    if type(data) is int:
        return {"parameters": {"binary_data_size": data}}
    return json_fields(data)
