"""Inference by the Open Inference Protocol: tensors in, one service call, tensors out."""

from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.datastructures import Headers

from ..config.settings import Settings
from ..core.errors import ServiceError
from ..services.inference_service import InferenceService
from ..services.model_tensors import ModelTensors
from .compression import read_inflated
from .inference_errors import failures
from .inference_request import JSON_LENGTH, read_request
from .inference_response import write_response
from .inference_schemas import InferenceRequest, InferenceResponse
from .open_inference import TAG, model_paths
from .request_route import RequestRoute
from .schemas import MAX_BATCH


def install(app: FastAPI, _: Settings) -> None:
    """Add the route of the model that is served, with and without its version."""
    service: InferenceService = app.state.inference_service
    tensors = ModelTensors(service.signature)
    answer = {"model_name": service.name, "model_version": service.version}
    # Encoded once, not for each answer.
    headers = Headers({"X-Model-Name": service.name, "X-Model-Version": service.version}).raw

    async def infer(request: Request) -> Response:
        """Predict for tensors, whose first dimension counts the inputs.

        They stand in the JSON, or in binary form behind it; the header
        `Inference-Header-Content-Length` then says how many bytes are JSON.
        """
        content, given = await read_inflated(request), request.scope["state"]["headers"]
        json_length = given.get(JSON_LENGTH.encode())
        asked = read_request(content, json_length, tensors.inputs, tensors.outputs)
        predictions = await _predict(service, tensors.read(asked.tensors, MAX_BATCH))
        response = write_response(
            {**answer, "id": asked.id} if asked.id is not None else answer,
            tensors.write(predictions),
            asked.wanted,
            given.get(b"accept-encoding", b"").decode("latin-1"),
        )
        response.raw_headers += headers
        return response

    example = _example(service, tensors)
    for path in model_paths(service):
        app.router.add_api_route(
            f"{path}/infer",
            infer,
            methods=["POST"],
            tags=[TAG],
            response_model=InferenceResponse,
            responses=failures(400, 408, 413, 415, 500, 503, 504),
            openapi_extra={"requestBody": example},
            route_class_override=RequestRoute,
        )


async def _predict(service: InferenceService, inputs: list[Any]) -> list[Any]:
    if len(inputs) == 1:
        return [await service.predict(inputs[0])]
    results = await service.predict_many(inputs)
    for result in results:
        if isinstance(result, ServiceError):
            raise result  # the protocol has no place for an error beside predictions
    return results


def _example(service: InferenceService, tensors: ModelTensors) -> dict[str, Any]:
    """Describe the body of a request, for OpenAPI."""
    content: dict[str, Any] = {"schema": InferenceRequest.model_json_schema()}
    if service.example is not None:
        inputs = tensors.write_inputs([service.example])
        content["example"] = {"inputs": [tensor._asdict() for tensor in inputs]}
    return {"content": {"application/json": content}, "required": True}
