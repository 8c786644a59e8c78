"""Generate text from text, whole or streamed: `generate` and `generate_stream` of the protocol.

<https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_generate.md>
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import Any

from fastapi import FastAPI, Request, Response
from pydantic_core import to_json

from ...config.settings import Settings
from ...core.errors import InvalidInputError
from ...services.inference_service import InferenceService
from ...services.streaming.streamer import streamer_of
from ...services.streaming.streaming_model import TEXT_INPUT, TEXT_OUTPUT, generates_text
from ...services.tensors.codec import ModelTensors
from ...utils.helpers import check_json
from ..dependencies import model_headers
from ..streaming.event_stream import EventStream, event_response, prefetch_first
from .compression import read_inflated
from .plan import parse
from .raw_route import add_model_route, protocol_paths
from .schemas import GenerateRequest, GenerateResponse

BODY = {
    "content": {"application/json": {"schema": GenerateRequest.model_json_schema()}},
    "required": True,
}


def install(app: FastAPI, settings: Settings) -> None:
    """Add the routes of the models that take text and return text."""
    for path, service in protocol_paths(app):
        if not generates_text(service.runner.model):
            continue
        endpoints = GenerateEndpoints(service, settings)
        add = partial(add_model_route, app, path, openapi_extra={"requestBody": BODY})
        add(endpoint=endpoints.generate, response_model=GenerateResponse)
        add(
            endpoint=endpoints.generate_stream,
            status_code=200,  # by default FastAPI takes it from the class
            response_class=EventStream,
            responses=event_response(GenerateResponse),
        )


class GenerateEndpoints:
    """Generate a text, whole or in chunks."""

    def __init__(self, service: InferenceService, settings: Settings) -> None:
        self.service, self.timeout_s = service, settings.service.timeout
        self.tensors = ModelTensors(service.signature)

    async def generate(self, request: Request) -> Response:
        """Generate a text."""
        body = parse(GenerateRequest, await read_inflated(request))
        chosen = self.service.pick()
        text = await chosen.predict(_input(self.tensors, body))
        content = to_json(_respond(chosen, body, text))
        headers = model_headers(chosen)
        return Response(content, headers=headers, media_type="application/json")

    async def generate_stream(self, request: Request) -> Response:
        """Generate a text; every event has a chunk of it."""
        body = parse(GenerateRequest, await read_inflated(request))
        chosen = self.service.pick()
        events = await prefetch_first(_events(chosen, body, _input(self.tensors, body)))
        return EventStream(events, self.timeout_s, model_headers(chosen))


async def _events(
    service: InferenceService, body: GenerateRequest, value: Any
) -> AsyncGenerator[dict[str, str]]:
    async with aclosing(streamer_of(service).stream(value)) as chunks:
        async for chunk in chunks:
            yield _respond(service, body, chunk)


def _respond(service: InferenceService, body: GenerateRequest, text: str) -> dict[str, str]:
    model = {"model_name": service.name, "model_version": service.version}
    echoed = {"id": body.id} if body.id is not None else {}
    return {**model, **echoed, TEXT_OUTPUT: text}


def _input(tensors: ModelTensors, body: GenerateRequest) -> Any:
    """Return the model's input: the text, or an object with the text as a field."""
    if not tensors.inputs.has_fields:
        return tensors.validate(body.text_input)
    extra = body.model_extra or {}
    fields = {**extra, **body.parameters, TEXT_INPUT: body.text_input}
    try:
        check_json(fields)
    except ValueError as exc:
        raise InvalidInputError("parameters must not contain NaN or Infinity") from exc
    return tensors.validate(fields)
