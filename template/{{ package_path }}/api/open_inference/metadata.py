"""Metadata, liveness and readiness of the server and its models.

<https://github.com/kserve/open-inference-protocol>. Inference itself is in `infer.py`.
"""

from contextlib import suppress
from typing import Any

from fastapi import APIRouter, FastAPI, Request

from ...config.settings import Settings
from ...core.errors import ModelNotReadyError, UnknownModelError
from ...services.inference_service import InferenceService
from ...services.model_runner import UNLOADED
from ...services.streaming.streaming_model import generates_text
from ...services.tensors.codec import ModelTensors
from ...services.tensors.spec import VARIABLE, TensorForm, TensorSpec
from ..dependencies import check_ready, state_of
from .failures import failures
from .parameters import as_parameters
from .raw_route import TAG, check_media_type, protocol_paths
from .schemas import (
    IndexEntry,
    Live,
    ModelMetadata,
    ModelReady,
    ServerMetadata,
    TensorMetadata,
)

PLATFORM = "python_model"  # the protocol's form is <project>_<format>

router = APIRouter(tags=[TAG])


def install(app: FastAPI, _: Settings) -> None:
    """Add the routes of the server and of its models, with and without their versions."""
    generates = all(generates_text(model.runner.model) for model in state_of(app).models.values())
    extensions = ["binary_tensor_data", *(["generate"] if generates else [])]
    server = ServerMetadata(name=app.title, version=app.version, extensions=extensions)
    app.add_api_route("/v2", ServerEndpoint(server).server_metadata, tags=[TAG])
    app.add_api_route("/v2/", ServerEndpoint(server).server_metadata, include_in_schema=False)
    options: dict[str, Any] = {"tags": [TAG], "response_model_exclude_none": True}
    for path, service in protocol_paths(app):
        model = ModelEndpoints(service)
        app.add_api_route(path, model.model_metadata, **options)
        app.add_api_route(f"{path}/ready", model.model_ready, tags=[TAG], responses=failures(503))


class ServerEndpoint:
    """Describe the server."""

    def __init__(self, server: ServerMetadata) -> None:
        self.server = server

    async def server_metadata(self) -> ServerMetadata:
        """Return the server's name, version and extensions of the protocol."""
        return self.server


class ModelEndpoints:
    """Describe a model, or a version of it."""

    def __init__(self, service: InferenceService) -> None:
        self.service = service
        tensors = ModelTensors(service.signature)
        self.inputs = _describe(tensors.inputs)
        self.outputs = _describe(tensors.outputs, is_output=True)

    async def model_metadata(self) -> ModelMetadata:
        """Return the input and output tensors of the model, also before it is loaded."""
        service = self.service
        if _is_unloaded(service):
            name = f"The model {service.name}, version {service.version}"
            raise UnknownModelError(f"{name}, is unloaded")
        return ModelMetadata(
            name=service.name,
            versions=[v for v, each in service.versions.items() if not _is_unloaded(each)],
            platform=getattr(service.runner.model, "protocol_platform", PLATFORM),
            inputs=self.inputs,
            outputs=self.outputs,
            parameters=as_parameters(service.card) or None,
        )

    async def model_ready(self) -> ModelReady:
        """Return whether the model is loaded and warm."""
        if not self.service.ready:
            raise ModelNotReadyError(f"The model {self.service.name} is not ready")
        return ModelReady(name=self.service.name)


@router.get("/v2/health/live")
async def live(request: Request) -> Live:
    """Return that the process is alive, whatever the state of its models."""
    with suppress(ModelNotReadyError):
        check_ready(request.app)
        return Live()
    return Live(ready=False)


@router.get("/v2/health/ready", responses=failures(503))
async def ready(request: Request) -> Live:
    """Return whether predictions can be served."""
    check_ready(request.app)
    return Live()


@router.post("/v2/repository/index", responses=failures(415))
async def repository_index(request: Request) -> list[IndexEntry]:
    """Return the models of this service, each version with its state."""
    check_media_type(request.scope)
    entries = []
    for model in state_of(request.app).models.values():
        for version, service in model.versions.items():
            state, reason = service.state
            entries.append(IndexEntry(name=model.name, version=version, state=state, reason=reason))
    return entries


def _is_unloaded(service: InferenceService) -> bool:
    return service.state[1] == UNLOADED


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
