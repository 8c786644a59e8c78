"""Liveness, readiness, and what is served."""

import logging

from fastapi import APIRouter, FastAPI

from ..config.settings import Settings
from ..core.errors import ModelNotReadyError
from .dependencies import InferenceServiceDep, state_of
from .errors import responses
from .schemas import Info, ModelInfo, Readiness, info_schemas

logger = logging.getLogger(__name__)

router = APIRouter(tags=["health"])


class InfoEndpoint:
    """Describe the service; the response is built once."""

    def __init__(self, info: Info) -> None:
        self._info = info

    async def info(self) -> Info:
        """Return the service, its model, and the schemas of inputs and outputs."""
        return self._info


@router.get("/health")
async def health() -> dict[str, str]:
    """Return that the process is alive, whatever the state of the model."""
    logger.info("Health check requested")
    return {"status": "ok"}


@router.get("/ready", responses=responses(503))
async def ready(service: InferenceServiceDep) -> Readiness:
    """Return whether predictions can be served: the model is loaded and warm."""
    if not service.ready:
        raise ModelNotReadyError(f"The model {service.name} is not ready")
    return Readiness(models={service.name: service.version})


def install(app: FastAPI, settings: Settings) -> None:
    """Add the route that describes the model; its response is built once."""
    service = state_of(app).inference_service
    inputs, outputs = info_schemas(service.signature)
    model = ModelInfo(name=service.name, version=service.version, inputs=inputs, outputs=outputs)
    described = Info(
        service=app.title, version=app.version, environment=settings.environment, models=[model]
    )
    app.add_api_route("/info", InfoEndpoint(described).info, tags=["health"])
