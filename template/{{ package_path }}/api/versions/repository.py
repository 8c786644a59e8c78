"""Load and unload models over HTTP, as the protocol's model repository extension has it.

What can be loaded is in the configuration: no request names a file, an address or a setting.
<https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_model_repository.md>
"""

from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, ValidationError

from ...config.settings import Settings
from ...core.errors import ServiceError, UnknownModelError
from ...services.versions.served_model import ServedModel
from ..dependencies import RequestState, state_of
from ..errors import responses
from ..json_body.media_type import is_json, media_type

TAG = "Model repository"
OF_ONE_PROCESS = "With hardening.workers above 1, send SIGHUP to the service instead"
ONLY_VERSION = "The configuration says what a model is: no parameter but version is supported"


class RepositoryRequest(BaseModel):
    """All versions of a model, or one, by the parameter `version`."""

    model_config = ConfigDict(extra="allow")

    parameters: dict[str, Any] = {}


BODY = {"content": {"application/json": {"schema": RepositoryRequest.model_json_schema()}}}


def install(app: FastAPI, settings: Settings) -> None:
    """Add the routes, if the settings allow them."""
    if settings.repository.control == "explicit":
        workers = getattr(getattr(settings, "hardening", None), "workers", 1)
        endpoints = RepositoryEndpoints(app, is_alone=workers == 1)
        for endpoint in (endpoints.load, endpoints.unload):
            app.add_api_route(
                f"/v2/repository/models/{{name}}/{endpoint.__name__}",
                endpoint,
                methods=["POST"],
                tags=[TAG],
                responses=responses(400, 404, 409, 415),
                openapi_extra={"requestBody": BODY},
            )


class RepositoryEndpoints:
    """Load and unload the configured versions of the models."""

    def __init__(self, app: FastAPI, *, is_alone: bool) -> None:
        self._models, self._is_alone = state_of(app).models, is_alone

    async def load(self, name: str, request: Request) -> None:
        """Load all versions of a model, or one; those that are loaded are replaced."""
        model, chosen = await self._find(name, request)
        for version in chosen or sorted(model.of_version, key=lambda v: v not in model.shares):
            try:
                await model.of_version[version].load()
            except Exception as exc:  # it is in the log
                reason = f": {exc}" if isinstance(exc, ServiceError) else ""
                raise HTTPException(400, f"{name} {version} cannot be loaded{reason}") from exc

    async def unload(self, name: str, request: Request) -> None:
        """Unload a model, or a version that does not respond; requests under way end first."""
        model, chosen = await self._find(name, request)
        for version in chosen:
            if version in model.shares:
                share = f"{name} {version} has a share of the requests"
                raise HTTPException(409, f"{share}: change serve or shares, or unload the model")
        for version in chosen or model.of_version:
            await model.of_version[version].unload()

    async def _find(self, name: str, request: Request) -> tuple[ServedModel, list[str]]:
        """Return the model and the named version, if any."""
        parameters = (await _read(request)).parameters
        state: RequestState = request.scope["state"]
        model = self._models.get(name)
        if not isinstance(model, ServedModel):
            raise UnknownModelError(f"There is no model {name[:64]}")
        if not self._is_alone:
            raise HTTPException(409, OF_ONE_PROCESS)
        if parameters.keys() - {"version", "unload_dependents"}:
            raise HTTPException(400, ONLY_VERSION)
        if slot := state.get("slot"):
            slot.release()  # loading may take long
        version = parameters.get("version")
        if version is None:
            return model, []
        if not isinstance(version, str) or version not in model.of_version:
            raise UnknownModelError(f"The model {name} has no version {str(version)[:64]}")
        return model, [version]


async def _read(request: Request) -> RepositoryRequest:
    """Read a body, which may be empty; clients of the protocol send JSON without its type.

    Raises:
        HTTPException: It may come from a web page of others.
        RequestValidationError: It is not JSON of that form.
    """
    state: RequestState = request.scope["state"]
    kind = media_type(request.scope)
    if not is_json(kind) and (kind or b"origin" in state["headers"]):
        raise HTTPException(415, "The body must be application/json")
    content = await request.body()
    try:
        return RepositoryRequest.model_validate_json(content or b"{}")
    except ValidationError as exc:
        raise RequestValidationError(exc.errors(include_input=False)) from exc
