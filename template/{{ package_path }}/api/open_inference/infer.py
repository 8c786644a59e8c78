"""Inference by the Open Inference Protocol: tensors in, one service call, tensors out."""

import time
from typing import Any

from fastapi import FastAPI, Request, Response

from ...config.settings import Settings
from ...core.errors import ServiceError
from ...models.json_types import json_example
from ...services.inference_service import InferenceService
from ...services.tensors.codec import ModelTensors
from ...services.tensors.elements import json_fields
from ...utils.json_cost import max_units
from ...utils.large_bodies import gc_paused, yield_to_event_loop
from ..dependencies import RequestState, model_headers, state_of
from ..request_cost import JSON_LENGTH, max_body_bytes
from ..streaming.schema_inlining import inlined
from .compression import read_inflated
from .metadata import add_model_routes
from .plan import RequestLimits
from .request import RequestReader
from .response import ResponseWriter
from .schemas import InferenceRequest, InferenceResponse


def install(app: FastAPI, settings: Settings) -> None:
    """Add the model's route, with and without its version."""
    service = state_of(app).inference_service
    endpoint = InferEndpoint(service, settings)
    body = {"requestBody": _example(service, endpoint.tensors)}
    add_model_routes(
        app, service, endpoint.infer, response_model=InferenceResponse, openapi_extra=body
    )


class InferEndpoint:
    """Read tensors, predict, write tensors; other requests are served between the steps."""

    def __init__(self, service: InferenceService, settings: Settings) -> None:
        self.service = service
        self.tensors = ModelTensors(service.signature)
        limits = RequestLimits(settings.service.max_inputs, max_units(max_body_bytes(settings)))
        self.reader = RequestReader(self.tensors.inputs, self.tensors.outputs, limits)
        model = {"model_name": service.name, "model_version": service.version}
        self.writer = ResponseWriter(model, model_headers(service))

    async def infer(self, request: Request) -> Response:
        """Predict for tensors; their first dimension is the number of inputs.

        Their elements are in the JSON, or in binary form after it; then the header
        `Inference-Header-Content-Length` is the number of bytes of JSON.
        """
        state: RequestState = request.scope["state"]
        started, headers = time.perf_counter(), state["headers"]
        content = await read_inflated(request)
        plan, data = self.reader.read(content, headers.get(JSON_LENGTH))
        await yield_to_event_loop(started)
        with gc_paused(len(content)):
            values = self.tensors.read_values(plan.layouts, data)
        await yield_to_event_loop(started)
        with gc_paused(len(content)):
            inputs = self.tensors.validate_all(values)
        await yield_to_event_loop(started)
        if len(inputs) == 1:
            predictions = [await self.service.predict(inputs[0])]
        else:
            predictions = await _predict_many(self.service, inputs)
        accepted = headers.get(b"accept-encoding", b"").decode("latin-1")
        await yield_to_event_loop(started)
        outputs = self.tensors.write(predictions)
        await yield_to_event_loop(started)
        return await self.writer.write(plan.id, outputs, plan.requested, accepted)


async def _predict_many(service: InferenceService, inputs: list[Any]) -> list[Any]:
    results = await service.predict_many(inputs)
    for result in results:
        if isinstance(result, ServiceError):
            raise result  # the protocol has no field for an error beside predictions
    return results


def _example(service: InferenceService, tensors: ModelTensors) -> dict[str, Any]:
    """Return the body of a request, for OpenAPI."""
    content: dict[str, Any] = {"schema": inlined(InferenceRequest)}
    example = json_example(service.signature.input, service.example)
    if example is not None and (inputs := tensors.write_example(example)):
        content["example"] = {
            "inputs": [{**tensor._asdict(), **json_fields(tensor.data)} for tensor in inputs]
        }
    return {"content": {"application/json": content}, "required": True}
