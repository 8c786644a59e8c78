"""Streamed predictions, at `/predict/stream`, for models with a `predict_stream`."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from fastapi import FastAPI, Response
from pydantic import create_model

from ...config.settings import Settings
from ...services.inference_service import InferenceService
from ...services.streaming.streamer import Streamer, streamer_of
from ..dependencies import model_headers
from ..errors import responses
from ..json_body.json_route import JsonRoute
from ..request_cost import body_statuses
from ..schemas import prediction_schemas, schema_prefix
from .event_stream import EventStream, event_response, prefetch_first


def add_routes(app: FastAPI, settings: Settings, service: InferenceService, prefix: str) -> None:
    """Add the route of a model, if it streams."""
    streamer = streamer_of(service)
    if streamer.model is None:
        return
    name = service.name if prefix else ""
    chunk = f"{schema_prefix(name)}PredictChunk"
    schema = create_model(chunk, prediction=(streamer.chunk_type, ...))
    app.router.add_api_route(
        f"{prefix}/predict/stream",
        _stream_endpoint(service, settings.service.timeout, name),
        methods=["POST"],
        route_class_override=JsonRoute,
        tags=["predict"],
        status_code=200,  # by default FastAPI takes it from the class
        response_class=EventStream,
        responses=responses(*body_statuses(settings), 422, 500, 503, 504) | event_response(schema),
    )


def _stream_endpoint(service: InferenceService, timeout_s: float, name: str) -> Any:
    # The schema depends on the model, so a type checker takes it for a variable.
    schema: Any = prediction_schemas(service.signature, service.example, name=name)[0]

    async def predict_stream(body: schema) -> Response:
        """Predict for one input; every event has a chunk, as in `data: {"prediction": "A"}`."""
        chosen = service.pick()
        events = await prefetch_first(_events(streamer_of(chosen), body.input))
        return EventStream(events, timeout_s, model_headers(chosen))

    return predict_stream


async def _events(streamer: Streamer, input_data: Any) -> AsyncGenerator[Any]:
    async with aclosing(streamer.stream(input_data)) as chunks:
        async for chunk in chunks:
            yield {"prediction": streamer.dump(chunk)}
