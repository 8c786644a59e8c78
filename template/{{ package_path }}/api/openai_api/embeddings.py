"""Embeddings by the API of OpenAI: `/v1/embeddings`."""

import time
from array import array
from base64 import b64encode
from sys import byteorder

from fastapi import FastAPI, Response

from ...config.settings import Settings
from ...core.errors import InvalidInputError, ServiceError
from ...utils.large_bodies import yield_to_event_loop
from ..dependencies import model_headers, state_of
from .schemas import Embedding, EmbeddingsRequest, EmbeddingsResponse
from .served_models import add_model_route, embeds, find

PURPOSE = "does not return embeddings"


def install(app: FastAPI, settings: Settings) -> None:
    """Add the route."""
    endpoint = EmbeddingsEndpoint(app, settings).embeddings
    add_model_route(app, settings, "/v1/embeddings", endpoint, response_model=EmbeddingsResponse)


class EmbeddingsEndpoint:
    """Return the embeddings of texts."""

    def __init__(self, app: FastAPI, settings: Settings) -> None:
        self._models, self._most = state_of(app).models, settings.service.max_inputs

    async def embeddings(self, body: EmbeddingsRequest) -> Response:
        """Return the embeddings of one text or of several ones."""
        started, texts = time.perf_counter(), body.input
        texts = [texts] if isinstance(texts, str) else texts
        body.check_further_fields()
        if not 0 < len(texts) <= self._most:
            raise InvalidInputError(f"input must have 1 to {self._most} texts")
        chosen = find(self._models, body.model, embeds, PURPOSE).pick()
        results = await chosen.predict_many(texts)
        vectors: list[list[float]] = []
        for result in results:
            if isinstance(result, ServiceError):
                raise result  # there is no field for an error beside embeddings
            vectors.append(result)
        await yield_to_event_loop(started)
        encode = to_base64 if body.encoding_format == "base64" else list
        data = [Embedding(index=i, embedding=encode(vector)) for i, vector in enumerate(vectors)]
        content = EmbeddingsResponse(data=data, model=chosen.name).model_dump_json()
        headers = model_headers(chosen)
        return Response(content, headers=headers, media_type="application/json")


def to_base64(vector: list[float]) -> str:
    """Return numbers as base64 of 32-bit floats in little-endian order."""
    numbers = array("f", vector)
    if byteorder == "big":
        numbers.byteswap()
    return b64encode(numbers.tobytes()).decode()
