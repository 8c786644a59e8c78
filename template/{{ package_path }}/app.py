"""Composition root: builds the app from settings."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi_offline import FastAPIOffline

from . import api, services
from .api.request_context import RequestContextMiddleware
from .config.settings import Settings
from .core.importing import import_all
from .core.metadata import read_metadata
from .models.base import Model
from .models.loading import create_model
from .services.inference_service import InferenceService


def create_app(
    settings: Settings,
    *,
    model: Model | None = None,
    on_load_failure: Callable[[Exception], object] = lambda _: None,
) -> FastAPI:
    """Build the app.

    Args:
        settings: Everything that can be configured.
        model: Serve this model instead of the one that `settings.model.implementation` names.
        on_load_failure: Told when the model cannot be loaded; the service then stays not ready.

    Raises:
        ConfigError: The model cannot be found, or a module in `api/` cannot be imported.
    """
    service = InferenceService(model or create_model(settings.model.implementation), settings)
    for module in import_all(services):
        if install := getattr(module, "install", None):
            install(service, settings)

    async def load() -> None:
        try:
            await service.start()
        except Exception as exc:  # noqa: BLE001  (whatever a model may raise)
            on_load_failure(exc)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        app.state.loading = asyncio.create_task(load())  # beside the server: liveness answers
        yield
        app.state.loading.cancel()
        service.stop()

    name, version, description = read_metadata()
    app = FastAPIOffline(  # FastAPI with /docs and /redoc that need no internet
        title=name,
        version=version,
        description=description,
        lifespan=lifespan,
    )
    app.state.settings = settings
    app.state.server_options = {}  # what modules of `api` want of Uvicorn
    app.state.error_forms = {}  # how they answer errors, by what paths begin with
    app.state.inference_service = service

    for module in import_all(api):
        if router := getattr(module, "router", None):
            app.include_router(router)
        if install := getattr(module, "install", None):
            install(app, settings)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["*"],
            allow_headers=["*"],
        )
    # Added last, so it is outermost: every answer carries a request id, errors included.
    app.add_middleware(RequestContextMiddleware, slow_after=settings.service.slow_after)
    return app
