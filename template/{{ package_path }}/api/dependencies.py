"""State of the app and of a request, dependencies of routes, headers that name the model."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, Protocol, TypedDict, cast

from fastapi import Depends, FastAPI, Request, Response

from ..config.settings import Settings
from ..services.inference_service import InferenceService


class AppState(Protocol):
    """State of the app, in `app.state`, where your modules may add attributes of their own."""

    settings: Settings
    inference_service: InferenceService
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
    """Return the service that `create_app` built."""
    return state_of(request.app).inference_service


def get_settings(request: Request) -> Settings:
    """Return the settings that the app was built from."""
    return state_of(request.app).settings


def model_headers(service: InferenceService) -> dict[str, str]:
    """Return the headers that name the model in its responses."""
    return {"X-Model-Name": service.name, "X-Model-Version": service.version}


InferenceServiceDep = Annotated[InferenceService, Depends(get_inference_service)]
SettingsDep = Annotated[Settings, Depends(get_settings)]
