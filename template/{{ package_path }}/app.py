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
from .config.base import Section
from .config.settings import Settings
from .core.config import read_options
from .core.importing import import_all, import_own
from .core.metadata import read_metadata
from .models.base import Model
from .models.loading import create_model
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
    service = InferenceService(_create(settings, model), settings)
    for module in [*parts.SERVICES, *_others(services, parts.SERVICES)]:
        _install(module, service, settings)
    engine = [*parts.OUTER_MIDDLEWARE, *parts.INNER_MIDDLEWARE, *parts.ROUTES, *parts.SERVER]
    own = _others(api, engine)
    app = _create_app([*own, *engine])
    _fill(state_of(app), settings, service, on_load_failure)
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


def _create(settings: Settings, model: Model | None) -> Model:
    model = model or create_model(settings.model.implementation)
    declared: Any = type(model).Options  # an older model may have something else of this name
    kind = declared if isinstance(declared, type) and issubclass(declared, Section) else Section
    options, is_set = read_options(settings, kind), settings.model.options.model_extra
    if kind is not Section and (is_set or "options" not in vars(model)):
        model.options = options
    return model


def _fill(state: AppState, settings: Settings, service: InferenceService, fail: OnFailure) -> None:
    state.settings, state.inference_service, state.on_load_failure = settings, service, fail
    state.server_options, state.connection_limits, state.error_forms = {}, {}, {}


def _others(package: ModuleType, engine: Iterable[ModuleType]) -> list[ModuleType]:
    """Return the modules of a package that `parts.py` does not list, such as yours."""
    return [module for module in import_all(package) if module not in engine]


def _install(module: Any, target: object, settings: Settings) -> None:
    if install := getattr(module, "install", None):
        install(target, settings)


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
        state.inference_service.stop()
        if unloading := state.inference_service.runner.unloading:
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
        await state.inference_service.start()
    except Exception as exc:  # noqa: BLE001  (a model may raise anything)
        state.on_load_failure(exc)
