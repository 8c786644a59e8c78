"""Liveness, readiness, and what is served."""

import logging

from fastapi import APIRouter, Request
from pydantic import TypeAdapter

from ..core.errors import ModelNotReadyError
from .dependencies import InferenceServiceDep, SettingsDep
from .errors import responses
from .schemas import Info, ModelInfo, Readiness

logger = logging.getLogger(__name__)

router = APIRouter(tags=["health"])


@router.get("/health")
async def health() -> dict[str, str]:
    """Tell that the process is alive, whatever the state of the model."""
    logger.info("Health check requested")
    return {"status": "ok"}


@router.get("/ready", responses=responses(503))
async def ready(service: InferenceServiceDep) -> Readiness:
    """Tell whether predictions can be served: the model is loaded and warm."""
    if not service.ready:
        raise ModelNotReadyError(f"The model {service.name} is not ready")
    return Readiness(models={service.name: service.version})


@router.get("/info")
async def info(request: Request, service: InferenceServiceDep, settings: SettingsDep) -> Info:
    """Tell what is served here, and what goes in and out."""
    inputs, outputs = (TypeAdapter(kind).json_schema() for kind in service.signature)
    model = ModelInfo(name=service.name, version=service.version, inputs=inputs, outputs=outputs)
    app = request.app
    return Info(
        service=app.title, version=app.version, environment=settings.environment, models=[model]
    )
