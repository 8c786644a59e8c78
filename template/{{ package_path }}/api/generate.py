"""Text from text, in one piece or as it comes: `generate` and `generate_stream` of the protocol.

<https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_generate.md>
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic_core import to_json

from ..config.settings import Settings
from ..core.errors import InvalidInputError
from ..services.inference_service import InferenceService
from ..services.model_tensors import ModelTensors
from ..services.streaming import TEXT_INPUT, TEXT_OUTPUT, Streamer, generates_text
from ..utils.helpers import check_json
from .compression import read_inflated
from .event_stream import EventStream, begun
from .inference_plan import parse
from .inference_schemas import GenerateRequest, GenerateResponse
from .open_inference import add_model_routes, model_headers

BODY = {
    "content": {"application/json": {"schema": GenerateRequest.model_json_schema()}},
    "required": True,
}


def install(app: FastAPI, settings: Settings) -> None:
    """Add the routes, where text goes into the model and text comes out."""
    service: InferenceService = app.state.inference_service
    if not generates_text(service.runner.model):
        return
    streamer = Streamer(service, settings)
    model = {"model_name": service.name, "model_version": service.version}
    headers = model_headers(service)
    tensors = ModelTensors(service.signature)

    def answer(asked: GenerateRequest, text: str) -> dict[str, str]:
        return {**model, **({"id": asked.id} if asked.id is not None else {}), TEXT_OUTPUT: text}

    async def generate(request: Request) -> Response:
        """Generate a text."""
        asked = parse(GenerateRequest, await read_inflated(request))
        text = await service.predict(_input(tensors, asked))
        content = to_json(answer(asked, text))
        return Response(content, headers=headers, media_type="application/json")

    async def generate_stream(request: Request) -> Response:
        """Generate a text; every event has a part of it."""
        asked = parse(GenerateRequest, await read_inflated(request))
        value = _input(tensors, asked)

        async def events() -> AsyncGenerator[dict[str, str]]:
            async with aclosing(streamer.stream(value)) as parts:
                async for part in parts:
                    yield answer(asked, part)

        return EventStream(await begun(events()), settings.service.timeout, headers)

    for endpoint, kind in ((generate, JSONResponse), (generate_stream, EventStream)):
        add_model_routes(
            app,
            service,
            endpoint,
            status_code=200,  # FastAPI would look for that of the class
            response_class=kind,
            response_model=GenerateResponse,
            openapi_extra={"requestBody": BODY},
        )


def _input(tensors: ModelTensors, asked: GenerateRequest) -> Any:
    """Make an input of the model's type: the text, or a class of which it is a field."""
    if not tensors.inputs.has_fields:
        return tensors.validate(asked.text_input)
    beside = asked.model_extra or {}
    fields = {**beside, **asked.parameters, TEXT_INPUT: asked.text_input}
    try:
        check_json(fields)
    except ValueError as exc:
        raise InvalidInputError("parameters: NaN and Infinity are no JSON") from exc
    return tensors.validate(fields)
