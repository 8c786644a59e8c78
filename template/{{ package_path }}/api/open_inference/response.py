"""Responses of the Open Inference Protocol: JSON or binary tensors, compressed on request."""

import asyncio
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from fastapi import Response
from pydantic_core import to_json

from ...services.tensors.elements import Tensor, check_elements, json_fields, pack
from ..dependencies import raw_model_headers
from ..request_cost import JSON_LENGTH
from .compression import compress
from .plan import RequestedOutput
from .request import KEPT

LARGE = 100_000  # bytes
JSON, BINARY = "application/json", "application/octet-stream"

Output = tuple[str, str, tuple[int, ...], Any]
"""Name, datatype, shape, and elements, or the number of their bytes after the JSON."""


class Source(NamedTuple):
    """The model of a response, and the id of its request."""

    model_name: str
    model_version: str
    id: str | None


class ResponseWriter:
    """Write responses of one model. The JSON before binary tensors is cached, as in requests."""

    def __init__(self) -> None:
        self._kept_json = lru_cache(maxsize=KEPT)(_json)

    async def write(
        self,
        source: Source,
        tensors: Sequence[Tensor],
        requested: Sequence[RequestedOutput],
        accepted: str,
    ) -> Response:
        """Write a response.

        Args:
            source: The model, and the id of the request.
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
        is_kept = source.id is None and len(buffers) == len(outputs)
        json = (self._kept_json if is_kept else _json)(source, tuple(outputs))
        return await self._respond(source, json, buffers, accepted)

    async def _respond(
        self, source: Source, json: bytes, buffers: Sequence[bytes], accepted: str
    ) -> Response:
        content, encoding = b"".join((json, *buffers)), ""
        if accepted:
            if len(content) > LARGE:  # zlib releases the interpreter lock
                content, encoding = await asyncio.to_thread(compress, content, accepted)
            else:
                content, encoding = compress(content, accepted)
        response = Response(content, media_type=BINARY if buffers else JSON)
        response.raw_headers += raw_model_headers(*source[:2])
        if buffers:
            response.raw_headers.append((JSON_LENGTH, b"%d" % len(json)))
        if encoding:
            response.headers.update({"Content-Encoding": encoding, "Vary": "Accept-Encoding"})
        return response


def _json(source: Source, outputs: tuple[Output, ...]) -> bytes:
    described = [
        {"name": name, "datatype": datatype, "shape": shape, **_data_fields(data)}
        for name, datatype, shape, data in outputs
    ]
    fields = {name: value for name, value in source._asdict().items() if value is not None}
    return to_json({**fields, "outputs": described})


def _data_fields(data: Any) -> dict[str, Any]:
    if type(data) is int:
        return {"parameters": {"binary_data_size": data}}
    return json_fields(data)
