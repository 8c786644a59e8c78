"""Composition root: build the app from the parts that `parts.py` lists, and from your modules."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from types import ModuleType
from typing import Any

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from . import api, services
from .api.dependencies import AppState, state_of
from .config.settings import Settings
from .core.importing import import_all, import_own
from .core.metadata import read_metadata
from .models.base import Model
from .models.loading import configure
from .services.inference_service import InferenceService

LOADING_ENDS_S = 1  # for a coroutine to release what it holds

OnFailure = Callable[[Exception], object]


def create_app(
    settings: Settings,
    *,
    model: Model | None = None,
    on_load_failure: OnFailure = lambda _: None,
) -> FastAPI:
    """Build the app.

    Args:
        settings: Everything that can be configured.
        model: Serve this model instead of the one that `settings.model.implementation` names.
        on_load_failure: Called when the model cannot be loaded; the service then stays not ready.

    Raises:
        ConfigError: The model cannot be found, or a module cannot be imported.
    """
    # By name, so that a module that is missing ends the start with a message.
    parts: Any = import_own(f"{__package__}.parts")
    models = _create_services(parts, settings, model)
    engine = [*parts.OUTER_MIDDLEWARE, *parts.INNER_MIDDLEWARE, *parts.ROUTES, *parts.SERVER]
    own = _others(api, engine)
    app = _create_app([*own, *engine])
    _fill(state_of(app), settings, models, on_load_failure)
    inner, outer = (
        [layer for module in modules for layer in module.middleware(app, settings)]
        for modules in (parts.INNER_MIDDLEWARE, parts.OUTER_MIDDLEWARE)
    )
    for module in [*engine, *own]:
        if router := getattr(module, "router", None):
            app.include_router(router)
        _install(module, app, settings)
    app.user_middleware[:] = [*outer, *app.user_middleware, *inner]
    return app


def server_options(settings: Settings) -> dict[str, Any]:
    """Return the options for Uvicorn that it needs before the app is built.

    Raises:
        ConfigError: A setting does not fit this machine, or a module cannot be imported.
    """
    options: dict[str, Any] = {}
    for module in import_own(f"{__package__}.parts").SERVER:
        if of_module := getattr(module, "server_options", None):
            options |= of_module(settings)
    return options


def _create_services(parts: Any, settings: Settings, model: Model | None) -> list[InferenceService]:
    """Return the services of all models; the first is the default one."""

    def create(settings: Settings) -> InferenceService:
        service = InferenceService(configure(model, settings), settings)
        for module in [*parts.SERVICES, *_others(services, parts.SERVICES)]:
            _install(module, service, settings)
        return service

    several = parts.MODELS if model is None else []
    return several[0].create_services(create, settings) if several else [create(settings)]


def _fill(
    state: AppState, settings: Settings, models: list[InferenceService], fail: OnFailure
) -> None:
    state.settings, state.inference_service, state.on_load_failure = settings, models[0], fail
    state.models = {service.name: service for service in models}
    state.prefixes = {"": models[0]}
    state.server_options, state.connection_limits, state.error_forms = {}, {}, {}


def _others(package: ModuleType, engine: Iterable[ModuleType]) -> list[ModuleType]:
    """Return the modules of a package that `parts.py` does not list, such as yours."""
    return [module for module in import_all(package) if module not in engine]


def _install(module: Any, target: Any, settings: Settings) -> None:
    if install := getattr(module, "install", None):
        install(target, settings)
    if add_routes := getattr(module, "add_routes", None):
        for prefix, service in state_of(target).prefixes.items():
            add_routes(target, settings, service, prefix)


def _create_app(modules: Iterable[ModuleType]) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        state = state_of(app)
        state.loading = asyncio.create_task(_load(state))  # `/health` responds meanwhile
        async with AsyncExitStack() as stack:
            for module in modules:
                if enter := getattr(module, "lifespan", None):
                    await stack.enter_async_context(enter(app))
            yield
        state.loading.cancel()
        await asyncio.wait({state.loading}, timeout=LOADING_ENDS_S)
        for unloading in [service.stop() for service in state.models.values()]:
            if unloading:
                await unloading

    name, version, description = read_metadata()
    return FastAPIOffline(  # FastAPI whose /docs and /redoc need no internet
        title=name,
        version=version,
        description=description,
        lifespan=lifespan,
        redirect_slashes=False,  # a redirect would go to whatever the client's `Host` header names
        openapi_tags=[{"name": "predict"}, {"name": "health"}],  # first in /docs, in this order
    )


async def _load(state: AppState) -> None:
    try:
        for service in state.models.values():  # in turn: loading may need much memory
            await service.start()
    except Exception as exc:  # noqa: BLE001  (a model may raise anything)
        state.on_load_failure(exc)
