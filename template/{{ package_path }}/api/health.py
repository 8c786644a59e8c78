"""Liveness, readiness, and facts about the service and its model."""

import logging
from typing import Any

from fastapi import APIRouter, FastAPI

from ..config.settings import Settings
from ..core.errors import ModelNotReadyError
from .dependencies import InferenceServiceDep, state_of
from .errors import responses
from .schemas import Info, ModelInfo, Readiness, info_schemas

logger = logging.getLogger(__name__)

router = APIRouter(tags=["health"])


class InfoEndpoint:
    """Describe the service; only the times of the model's start come later."""

    def __init__(self, info: Info, times: dict[str, float]) -> None:
        self._info, self._times = info, times

    async def info(self) -> Info:
        """Return the service, its model, and the schemas of inputs and outputs."""
        models = [model.model_copy(update=self._times) for model in self._info.models]
        return self._info.model_copy(update={"models": models})


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
    """Add the route that describes the model."""
    service = state_of(app).inference_service
    inputs, outputs = info_schemas(service.signature)
    facts: dict[str, Any] = {"name": service.name, "version": service.version, "card": service.card}
    model = ModelInfo(inputs=inputs, outputs=outputs, **facts)
    described = Info(
        service=app.title, version=app.version, environment=settings.environment, models=[model]
    )
    endpoint = InfoEndpoint(described, service.runner.times)
    app.add_api_route("/info", endpoint.info, tags=["health"])
