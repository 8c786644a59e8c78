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
from ..dependencies import RequestState
from ..request_cost import JSON_LENGTH, max_body_bytes
from ..streaming.schema_inlining import inlined
from .compression import read_inflated
from .plan import RequestLimits
from .raw_route import add_model_route, protocol_paths
from .request import RequestReader
from .response import ResponseWriter, Source
from .schemas import InferenceRequest, InferenceResponse


def install(app: FastAPI, settings: Settings) -> None:
    """Add the routes of the models, with and without their versions."""
    for path, service in protocol_paths(app):
        endpoint = InferEndpoint(service, settings)
        body = {"requestBody": _example(service, endpoint.tensors)}
        add_model_route(
            app, path, endpoint.infer, response_model=InferenceResponse, openapi_extra=body
        )


class InferEndpoint:
    """Read tensors, predict, write tensors; other requests are served between the steps."""

    def __init__(self, service: InferenceService, settings: Settings) -> None:
        self.service = service
        self.tensors = ModelTensors(service.signature)
        limits = RequestLimits(settings.service.max_inputs, max_units(max_body_bytes(settings)))
        self.reader = RequestReader(self.tensors.inputs, self.tensors.outputs, limits)
        self.writer = ResponseWriter()

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
        chosen = self.service.pick()
        if len(inputs) == 1:
            predictions = [await chosen.predict(inputs[0])]
        else:
            predictions = await _predict_many(chosen, inputs)
        accepted = headers.get(b"accept-encoding", b"").decode("latin-1")
        await yield_to_event_loop(started)
        outputs = self.tensors.write(predictions)
        await yield_to_event_loop(started)
        source = Source(chosen.name, chosen.version, plan.id)
        return await self.writer.write(source, outputs, plan.requested, accepted)


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
