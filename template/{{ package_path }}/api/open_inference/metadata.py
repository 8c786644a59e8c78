"""Metadata, liveness and readiness of the server and its model.

<https://github.com/kserve/open-inference-protocol>. Inference itself is in `infer.py`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter, FastAPI, Request

from ...config.settings import Settings
from ...core.errors import ModelNotReadyError
from ...services.inference_service import InferenceService
from ...services.streaming.streaming_model import generates_text
from ...services.tensors.codec import ModelTensors
from ...services.tensors.spec import VARIABLE, TensorForm, TensorSpec
from ..dependencies import InferenceServiceDep, state_of
from .failures import failures
from .parameters import as_parameters
from .raw_route import RequestRoute, check_media_type
from .schemas import (
    IndexEntry,
    Live,
    ModelMetadata,
    ModelReady,
    ServerMetadata,
    TensorMetadata,
)

TAG = "Open Inference Protocol"
PLATFORM = "python_model"  # the protocol's form is <project>_<format>

router = APIRouter(tags=[TAG])


def install(app: FastAPI, _: Settings) -> None:
    """Add the routes of the server and of the model, with and without its version."""
    service = state_of(app).inference_service
    endpoints = MetadataEndpoints(app, service)
    app.add_api_route("/v2", endpoints.server_metadata, tags=[TAG])
    app.add_api_route("/v2/", endpoints.server_metadata, include_in_schema=False)
    options: dict[str, Any] = {"tags": [TAG], "response_model_exclude_none": True}
    for path in model_paths(service):
        app.add_api_route(path, endpoints.model_metadata, **options)
        app.add_api_route(
            f"{path}/ready", endpoints.model_ready, tags=[TAG], responses=failures(503)
        )


class MetadataEndpoints:
    """Describe the server and its model; the responses are built once."""

    def __init__(self, app: FastAPI, service: InferenceService) -> None:
        self.service = service
        tensors = ModelTensors(service.signature)
        self.model = ModelMetadata(
            name=service.name,
            versions=[service.version],
            platform=getattr(service.runner.model, "protocol_platform", PLATFORM),
            inputs=_describe(tensors.inputs),
            outputs=_describe(tensors.outputs, is_output=True),
            parameters=as_parameters(service.card) or None,
        )
        generate = ["generate"] if generates_text(service.runner.model) else []
        extensions = ["binary_tensor_data", *generate]
        self.server = ServerMetadata(name=app.title, version=app.version, extensions=extensions)

    async def server_metadata(self) -> ServerMetadata:
        """Return the server's name, version and extensions of the protocol."""
        return self.server

    async def model_metadata(self) -> ModelMetadata:
        """Return the input and output tensors of the model."""
        return self.model

    async def model_ready(self) -> ModelReady:
        """Return whether the model is loaded and warm."""
        _check_ready(self.service)
        return ModelReady(name=self.service.name)


def add_model_routes(
    app: FastAPI,
    service: InferenceService,
    endpoint: Callable[..., Any],
    responses: Mapping[int | str, dict[str, Any]] = {},
    **options: Any,
) -> None:
    """Add a route that receives the raw request, with and without the model's version."""
    for path in model_paths(service):
        app.router.add_api_route(
            f"{path}/{endpoint.__name__}",
            endpoint,
            methods=["POST"],
            tags=[TAG],
            responses={**responses, **failures(400, 408, 413, 415, 500, 503, 504)},
            route_class_override=RequestRoute,
            **options,
        )


def model_paths(service: InferenceService) -> tuple[str, str]:
    """Return the paths of the model, without and with its version."""
    path = f"/v2/models/{service.name}"
    return path, f"{path}/versions/{service.version}"


@router.get("/v2/health/live")
async def live(service: InferenceServiceDep) -> Live:
    """Return that the process is alive, whatever the state of the model."""
    return Live(ready=service.ready)


@router.get("/v2/health/ready", responses=failures(503))
async def ready(service: InferenceServiceDep) -> Live:
    """Return whether predictions can be served."""
    _check_ready(service)
    return Live()


@router.post("/v2/repository/index", responses=failures(415))
async def repository_index(request: Request, service: InferenceServiceDep) -> list[IndexEntry]:
    """Return the models that are served."""
    check_media_type(request.scope)
    state = "READY" if service.ready else "UNAVAILABLE"
    return [IndexEntry(name=service.name, version=service.version, state=state)]


def _check_ready(service: InferenceService) -> None:
    if not service.ready:
        raise ModelNotReadyError(f"The model {service.name} is not ready")


def _content_type(spec: TensorSpec, is_output: bool) -> dict[str, str] | None:
    if spec.is_json:
        return {"content_type": "application/json"}
    return {"content_type": "base64"} if spec.is_raw and is_output else None


def _describe(form: TensorForm, *, is_output: bool = False) -> list[TensorMetadata]:
    return [
        TensorMetadata(
            name=spec.name,
            datatype=spec.datatype,
            shape=[VARIABLE, *spec.shape],
            parameters=_content_type(spec, is_output),
        )
        for spec in form.specs
    ]
