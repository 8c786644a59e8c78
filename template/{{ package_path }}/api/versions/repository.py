"""Load and unload models over HTTP, as the protocol's model repository extension has it.

What can be loaded is in the configuration: no request names a file, an address or a setting.
<https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_model_repository.md>
"""

import asyncio
from typing import Annotated, Any

from fastapi import Body, FastAPI, HTTPException, Request
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict

from ...config.settings import Settings
from ...core.errors import ServiceError, UnknownModelError
from ...services.versions.served_model import ServedModel
from ...services.versions.to_the_end import to_the_end
from ...services.versions.version import Version
from ..dependencies import RequestState, state_of
from ..errors import responses
from ..json_body.media_type import is_json, media_type

TAG = "Model repository"
OF_ONE_PROCESS = "With hardening.workers above 1, send SIGHUP to the service instead"
IS_OFF = "Models cannot be loaded or unloaded over HTTP: repository.control is none"
ONLY_VERSION = 'The only supported parameter is version: {"parameters": {"version": …}}'


class RepositoryRequest(BaseModel):
    """All versions of a model, or one, by the parameter `version`."""

    model_config = ConfigDict(extra="allow")

    parameters: dict[str, Any] = {}


Content = Annotated[RepositoryRequest | None, Body()]


def install(app: FastAPI, settings: Settings) -> None:
    """Add the routes; unless the settings allow them, they are 404 with the reason."""
    if settings.repository.control == "none":
        for action in ("load", "unload"):
            path = f"/v2/repository/models/{{name}}/{action}"
            app.add_api_route(path, is_off, methods=["POST"], include_in_schema=False)
    else:
        workers = getattr(getattr(settings, "hardening", None), "workers", 1)
        endpoints = RepositoryEndpoints(app, is_alone=workers == 1)
        for endpoint in (endpoints.load, endpoints.unload):
            app.router.add_api_route(
                f"/v2/repository/models/{{name}}/{endpoint.__name__}",
                endpoint,
                methods=["POST"],
                tags=[TAG],
                responses=responses(400, 404, 409, 415),
                strict_content_type=False,  # Triton's client omits it
            )
        for route in app.routes:
            if isinstance(route, APIRoute) and "predict" in route.tags:
                route.responses |= responses(404)  # once the model is unloaded


async def is_off() -> None:
    """Raise the error for a service whose models are not loaded over HTTP."""
    raise HTTPException(404, IS_OFF)


class RepositoryEndpoints:
    """Load and unload the configured versions of the models."""

    def __init__(self, app: FastAPI, *, is_alone: bool) -> None:
        self._models, self._is_alone = state_of(app).models, is_alone

    async def load(self, name: str, request: Request, body: Content = None) -> None:
        """Load all versions of a model, or one; those that are loaded are replaced."""
        model, chosen = self._find(name, request, body)
        names = chosen or sorted(model.of_version, key=lambda v: v not in model.shares)
        await to_the_end(_load(model, names))

    async def unload(self, name: str, request: Request, body: Content = None) -> None:
        """Unload a model, or a version that does not respond; requests under way end first."""
        model, chosen = self._find(name, request, body)
        for version in chosen:
            if version in model.shares:
                share = f"{name} {version} has a share of the requests"
                raise HTTPException(409, f"{share}: change serve or shares, or unload the model")
        versions = [model.of_version[version] for version in chosen or model.of_version]
        await to_the_end(_unload(versions))

    def _find(
        self, name: str, request: Request, body: RepositoryRequest | None
    ) -> tuple[ServedModel, list[str]]:
        """Return the model and the named version, if any."""
        state: RequestState = request.scope["state"]
        if b"origin" in state["headers"] and not is_json(media_type(request.scope)):
            raise HTTPException(415, "Send JSON, so that no web page of others can do this")
        model, parameters = self._models.get(name), body.parameters if body else {}
        if not isinstance(model, ServedModel):
            raise UnknownModelError(f"There is no model {name[:64]}")
        if not self._is_alone:
            raise HTTPException(409, OF_ONE_PROCESS)
        if parameters.keys() - {"version", "unload_dependents"} or (body and body.model_extra):
            raise HTTPException(400, ONLY_VERSION)
        if slot := state.get("slot"):
            slot.release()  # loading may take long
        version = parameters.get("version")
        if version is None:
            return model, []
        if not isinstance(version, str) or version not in model.of_version:
            raise UnknownModelError(f"The model {name} has no version {str(version)[:64]}")
        return model, [version]


async def _load(model: ServedModel, names: list[str]) -> None:
    for name in names:
        if name not in model.of_version:
            continue  # the settings have changed meanwhile
        try:
            await model.of_version[name].load()
        except Exception as exc:  # it is in the log
            reason = f": {exc}" if isinstance(exc, ServiceError) else ""
            raise HTTPException(400, f"{model.name} {name} cannot be loaded{reason}") from exc


async def _unload(versions: list[Version]) -> None:
    await asyncio.gather(*(version.unload() for version in versions))
