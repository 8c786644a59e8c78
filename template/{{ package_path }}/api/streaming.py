"""Predictions in parts, at `/predict/stream`, for models that give them so."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from fastapi import FastAPI, Response
from pydantic import TypeAdapter

from ..config.settings import Settings
from ..services.inference_service import InferenceService
from ..services.streaming import Streamer
from .errors import responses
from .event_stream import EventStream, begun
from .open_inference import model_headers
from .schemas import prediction_schemas


def install(app: FastAPI, settings: Settings) -> None:
    """Add the route, where the model streams."""
    service: InferenceService = app.state.inference_service
    streamer = Streamer(service, settings)
    if streamer.model is None:
        return
    # Known only once the model is, so a type checker takes it for a variable.
    Request, *_ = prediction_schemas(service.signature, service.example)  # noqa: N806  (a class)
    headers = model_headers(service)
    dump = TypeAdapter(streamer.part).dump_python

    async def events(input_data: Any) -> AsyncGenerator[Any]:
        async with aclosing(streamer.stream(input_data)) as parts:
            async for part in parts:
                yield {"prediction": dump(part, mode="json")}

    @app.post(
        "/predict/stream",
        tags=["predict"],
        status_code=200,  # FastAPI would look for that of the class
        response_class=EventStream,
        responses=responses(422, 500, 503, 504),
    )
    async def predict_stream(body: Request) -> Response:  # type: ignore[valid-type]
        """Predict for one input; every event has a part, as in `data: {"prediction": "A"}`."""
        parts = await begun(events(body.input))  # type: ignore[attr-defined]
        return EventStream(parts, settings.service.timeout, headers)
