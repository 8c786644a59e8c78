"""The Open Inference Protocol (v2): what is served here, and whether it is ready.

<https://github.com/kserve/open-inference-protocol>. Inference itself is in `infer.py`.
"""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, FastAPI

from ..config.settings import Settings
from ..core.errors import ModelNotReadyError
from ..services.inference_service import InferenceService
from ..services.model_tensors import ModelTensors
from ..services.streaming import generates_text
from ..services.tensor_spec import VARIABLE, TensorForm
from .dependencies import InferenceServiceDep
from .inference_errors import failures
from .inference_schemas import (
    IndexEntry,
    Live,
    ModelMetadata,
    ModelReady,
    ServerMetadata,
    TensorMetadata,
)
from .request_route import RequestRoute

TAG = "Open Inference Protocol"
PLATFORM = "python_model"  # the protocol's form is <project>_<format>

router = APIRouter(tags=[TAG])


def install(app: FastAPI, _: Settings) -> None:
    """Add the routes of the model that is served, with and without its version."""
    service: InferenceService = app.state.inference_service
    tensors = ModelTensors(service.signature)
    metadata = ModelMetadata(
        name=service.name,
        versions=[service.version],
        platform=PLATFORM,
        inputs=_describe(tensors.inputs),
        outputs=_describe(tensors.outputs),
    )

    extensions = ["binary_tensor_data"]
    if generates_text(service.runner.model):
        extensions.append("generate")
    server = ServerMetadata(name=app.title, version=app.version, extensions=extensions)

    @app.get("/v2", tags=[TAG])
    @app.get("/v2/", include_in_schema=False)
    async def server_metadata() -> ServerMetadata:
        """Tell what this server is, and what it can do beyond the protocol's core."""
        return server

    async def model_metadata() -> ModelMetadata:
        """Tell which tensors go in and out of the model."""
        return metadata

    async def model_ready() -> ModelReady:
        """Tell whether the model is loaded and warm."""
        _check_ready(service)
        return ModelReady(name=service.name)

    for path in model_paths(service):
        app.add_api_route(path, model_metadata, tags=[TAG], response_model_exclude_none=True)
        app.add_api_route(f"{path}/ready", model_ready, tags=[TAG], responses=failures(503))


def add_model_routes(
    app: FastAPI, service: InferenceService, endpoint: Callable[..., Any], **options: Any
) -> None:
    """Add a route that takes a request as it is, for the model, with and without its version."""
    for path in model_paths(service):
        app.router.add_api_route(
            f"{path}/{endpoint.__name__}",
            endpoint,
            methods=["POST"],
            tags=[TAG],
            responses=failures(400, 408, 413, 415, 500, 503, 504),
            route_class_override=RequestRoute,
            **options,
        )


def model_headers(service: InferenceService) -> dict[str, str]:
    """Give the headers that name the model in its answers."""
    return {"X-Model-Name": service.name, "X-Model-Version": service.version}


def model_paths(service: InferenceService) -> tuple[str, str]:
    """Give the paths of the model that is served: that of any version, and that of its own."""
    path = f"/v2/models/{service.name}"
    return path, f"{path}/versions/{service.version}"


@router.get("/v2/health/live")
async def live(service: InferenceServiceDep) -> Live:
    """Tell that the process is alive, whatever the state of the model."""
    return Live(ready=service.ready)


@router.get("/v2/health/ready", responses=failures(503))
async def ready(service: InferenceServiceDep) -> Live:
    """Tell whether predictions can be served."""
    _check_ready(service)
    return Live()


@router.post("/v2/repository/index")
async def repository_index(service: InferenceServiceDep) -> list[IndexEntry]:
    """List the models that are served."""
    state = "READY" if service.ready else "UNAVAILABLE"
    return [IndexEntry(name=service.name, version=service.version, state=state)]


def _check_ready(service: InferenceService) -> None:
    if not service.ready:
        raise ModelNotReadyError(f"The model {service.name} is not ready")


def _describe(form: TensorForm) -> list[TensorMetadata]:
    return [
        TensorMetadata(
            name=spec.name,
            datatype=spec.datatype,
            shape=[VARIABLE, *spec.shape],
            parameters={"content_type": "application/json"} if spec.is_json else None,
        )
        for spec in form.specs
    ]
