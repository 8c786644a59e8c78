"""Liveness, readiness, and facts about the service and its model."""

import logging
from typing import Any

from fastapi import APIRouter, FastAPI, Request

from ..config.settings import Settings
from ..services.inference_service import InferenceService
from .dependencies import check_ready, state_of
from .errors import responses
from .schemas import Info, ModelInfo, Readiness, info_schemas

logger = logging.getLogger(__name__)

router = APIRouter(tags=["health"])


class InfoEndpoint:
    """Describe the service and its models."""

    def __init__(self, app: FastAPI, settings: Settings) -> None:
        self._models = state_of(app).models
        self._service = {"service": app.title, "version": app.version}
        self._environment = settings.environment
        self._schemas = {name: info_schemas(m.signature) for name, m in self._models.items()}

    async def info(self) -> Info:
        """Return the service, its models, and the schemas of inputs and outputs."""
        models = map(self._describe, self._models.values())
        return Info(environment=self._environment, models=[*models], **self._service)

    def _describe(self, service: InferenceService) -> ModelInfo:
        facts: dict[str, Any] = {"card": service.card, "versions": [*service.versions]}
        facts |= {"shares": getattr(service, "shares", {}), **service.runner.times}
        facts["inputs"], facts["outputs"] = self._schemas[service.name]
        return ModelInfo(name=service.name, version=service.version, **facts)


@router.get("/health")
async def health() -> dict[str, str]:
    """Return that the process is alive, whatever the state of the model."""
    logger.info("Health check requested")
    return {"status": "ok"}


@router.get("/ready", responses=responses(503))
async def ready(request: Request) -> Readiness:
    """Return whether predictions can be served: all models are loaded and warm."""
    return Readiness(models=check_ready(request.app))


def install(app: FastAPI, settings: Settings) -> None:
    """Add the route that describes the models."""
    app.add_api_route("/info", InfoEndpoint(app, settings).info, tags=["health"])
