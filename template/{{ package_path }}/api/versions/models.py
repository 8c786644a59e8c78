"""The models of this service and their versions, at `/models`; their routes below it."""

from fastapi import FastAPI
from pydantic import BaseModel

from ...config.settings import Settings
from ...services.inference_service import InferenceService
from ...services.versions.served_model import ServedModel
from ..dependencies import state_of


class VersionEntry(BaseModel):
    """A version of a model; share and shadow are parts of the requests, of 1."""

    version: str
    state: str
    reason: str = ""
    share: float = 0
    shadow: float = 0


class ModelEntry(BaseModel):
    """A model; the default one responds at `/predict`, too."""

    name: str
    is_default: bool
    versions: list[VersionEntry]


def install(app: FastAPI, settings: Settings) -> None:
    """List the models; if there is a section `models`, each has routes below its name."""
    state = state_of(app)
    served = [model for model in state.models.values() if isinstance(model, ServedModel)]
    if settings.models.model_extra:
        state.prefixes |= {f"/models/{model.name}": model for model in served}
    endpoint = ModelsEndpoint(served, state.inference_service)
    app.add_api_route("/models", endpoint.models, tags=["models"])


class ModelsEndpoint:
    """List models and versions."""

    def __init__(self, models: list[ServedModel], default: InferenceService) -> None:
        self._models, self._default = models, default

    async def models(self) -> list[ModelEntry]:
        """Return the models of this service, with the state and the share of each version."""
        return [
            ModelEntry(name=m.name, is_default=m is self._default, versions=_versions(m))
            for m in self._models
        ]


def _versions(model: ServedModel) -> list[VersionEntry]:
    entries = []
    for name, service in model.versions.items():
        state, reason = service.state
        share, shadow = model.shares.get(name, 0), model.shadows.get(name, 0)
        entries.append(
            VersionEntry(version=name, state=state, reason=reason, share=share, shadow=shadow)
        )
    return entries
