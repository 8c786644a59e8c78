"""State of the app and of a request, dependencies of routes, headers that name the model."""

import asyncio
from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, Any, Protocol, TypedDict, cast

from fastapi import Depends, FastAPI, Request, Response
from starlette.datastructures import Headers

from ..config.settings import Settings
from ..core.errors import ModelNotReadyError
from ..services.inference_service import InferenceService
from ..services.model_runner import UNLOADED


class AppState(Protocol):
    """State of the app, in `app.state`, where your modules may add attributes of their own."""

    settings: Settings
    models: dict[str, InferenceService]
    """Services by the names of their models; more than one with `versions`."""
    inference_service: InferenceService
    """The default one, of `/predict`."""
    prefixes: dict[str, InferenceService]
    """Services by the beginning of the paths of their routes, which is empty for the default."""
    loading: asyncio.Task[None]
    """Loads the model; other requests are served meanwhile."""
    on_load_failure: Callable[[Exception], object]
    """Called when the model cannot be loaded."""
    server_options: dict[str, Any]
    """Options for Uvicorn."""
    connection_limits: dict[str, Any]
    """Limits of connections other than the defaults."""
    error_forms: dict[str, Callable[[Request, Any], Response]]
    """Renderers of errors, by path prefix."""


class RequestState(TypedDict, total=False):
    """State of a request, in `scope["state"]`."""

    request_id: str
    headers: dict[bytes, bytes]
    status: int
    """Status of the response, once it begins."""
    began: float
    """Time at which the response began, in seconds of `time.perf_counter`."""
    body: bytes
    """The whole body, once a limit has read it, and inflated by `hardening`."""
    slot: Any
    """A slot for the model, with `release` and `acquire`."""
    failure: Exception
    """Error of the fast path, to be raised again where exception handlers see it."""


def state_of(app: FastAPI) -> AppState:
    """Return the typed state of an app."""
    return cast("AppState", app.state)


def get_inference_service(request: Request) -> InferenceService:
    """Return the service that predicts for this request."""
    return state_of(request.app).inference_service.pick()


def check_ready(app: FastAPI) -> dict[str, str]:
    """Return the version of each model.

    Raises:
        ModelNotReadyError: One of them is not loaded and warm.
    """
    wanted = [s for s in state_of(app).models.values() if s.absence[1] != UNLOADED]
    if waiting := [service.name for service in wanted if not service.ready]:
        raise ModelNotReadyError(f"The model {waiting[0]} is not ready")
    return {service.name: service.version for service in wanted}


def get_settings(request: Request) -> Settings:
    """Return the settings that the app was built from."""
    return state_of(request.app).settings


@lru_cache(maxsize=256)
def raw_model_headers(name: str, version: str) -> list[tuple[bytes, bytes]]:
    """Return the headers that name the model in its responses, encoded once."""
    return Headers({"X-Model-Name": name, "X-Model-Version": version}).raw


def model_headers(service: InferenceService) -> dict[str, str]:
    """Return the headers that name the model in its responses."""
    return {"X-Model-Name": service.name, "X-Model-Version": service.version}


InferenceServiceDep = Annotated[InferenceService, Depends(get_inference_service)]
SettingsDep = Annotated[Settings, Depends(get_settings)]
