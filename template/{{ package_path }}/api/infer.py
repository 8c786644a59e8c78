"""Inference by the Open Inference Protocol: tensors in, one service call, tensors out."""

from contextlib import suppress
from typing import Any

from fastapi import FastAPI, Request, Response

from ..config.settings import Settings
from ..core.errors import ServiceError
from ..services.inference_service import InferenceService
from ..services.model_tensors import ModelTensors
from .compression import read_inflated
from .inference_request import JSON_LENGTH, RequestReader
from .inference_response import ResponseWriter
from .inference_schemas import InferenceRequest, InferenceResponse, inlined
from .open_inference import add_model_routes, model_headers


def install(app: FastAPI, _: Settings) -> None:
    """Add the route of the model that is served, with and without its version."""
    service: InferenceService = app.state.inference_service
    tensors = ModelTensors(service.signature)
    reader = RequestReader(tensors.inputs, tensors.outputs)
    writer = ResponseWriter(
        {"model_name": service.name, "model_version": service.version},
        model_headers(service),
    )

    async def infer(request: Request) -> Response:
        """Predict for tensors, whose first dimension counts the inputs.

        They stand in the JSON, or in binary form behind it; the header
        `Inference-Header-Content-Length` then says how many bytes are JSON.
        """
        headers = request.scope["state"]["headers"]
        content = await read_inflated(request)
        asked, data = reader.read(content, headers.get(JSON_LENGTH))
        inputs = tensors.read(asked.layouts, data)
        if len(inputs) == 1:
            predictions = [await service.predict(inputs[0])]
        else:
            predictions = await _predict_many(service, inputs)
        accepted = headers.get(b"accept-encoding", b"").decode("latin-1")
        return writer.write(asked.id, tensors.write(predictions), asked.wanted, accepted)

    body = {"requestBody": _example(service, tensors)}
    add_model_routes(app, service, infer, response_model=InferenceResponse, openapi_extra=body)


async def _predict_many(service: InferenceService, inputs: list[Any]) -> list[Any]:
    results = await service.predict_many(inputs)
    for result in results:
        if isinstance(result, ServiceError):
            raise result  # the protocol has no place for an error beside predictions
    return results


def _example(service: InferenceService, tensors: ModelTensors) -> dict[str, Any]:
    """Describe the body of a request, for OpenAPI."""
    content: dict[str, Any] = {"schema": inlined(InferenceRequest)}
    if service.example is not None:
        with suppress(Exception):  # no tensor holds it, or it is not what `predict` takes
            inputs = tensors.write_inputs([service.example])
            content["example"] = {"inputs": [tensor._asdict() for tensor in inputs]}
    return {"content": {"application/json": content}, "required": True}
