"""Guard the serving process: drain, watchdog, log writer."""

import asyncio
import gc
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI

from ...api.dependencies import AppState, state_of
from ...config.settings import Settings
from ...core.logger import configure_logging
from ...services.inference_service import InferenceService
from ..connections.connection_setup import running_server
from .forking import ServerAtFork
from .log_writer import BackgroundHandler
from .overhead import reduce_overhead
from .shutdown import Drain
from .supervisor import POLL_S
from .uvicorn_server import UvicornServer
from .watchdog import Watchdog
from .worker import Worker


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Guard a process of Uvicorn; do nothing in a test or on another server."""
    running = running_server()
    if running is None:
        yield
        return
    server = UvicornServer(running)
    state = state_of(app)
    settings, service = state.settings, state.inference_service
    log = _start_log(service, settings)
    reduce_overhead(app)
    server.config.timeout_graceful_shutdown = math.ceil(2 * settings.service.timeout)  # queue, run
    # A replacement listens once its model is loaded; the other workers serve meanwhile.
    while Worker.is_replacement and not (state.loading.done() or server.is_ending):
        await asyncio.wait({state.loading}, timeout=POLL_S)
    drain = _start_drain(server, state)
    at_fork = ServerAtFork(server, drain)
    watchdog = Watchdog(settings.hardening.watchdog_s, ready=state.loading)
    try:
        yield
    finally:
        gc.unfreeze()
        watchdog.stop()
        at_fork.ignore_forks()
        _end_log(log, settings)


def _start_drain(server: UvicornServer, state: AppState) -> Drain:
    """Let no model be ready from SIGTERM on."""
    service = state.inference_service
    drain = Drain(server, state.settings.hardening.drain_s, lambda: service.loaded)
    for model in state.models.values():
        model.checks.append(lambda: not drain.is_draining)
    return drain


def _start_log(service: InferenceService, settings: Settings) -> BackgroundHandler:
    def on_drop(lines: int) -> None:
        service.observer.on_dropped_lines(lines)

    log: BackgroundHandler = configure_logging(
        settings, kind=partial(BackgroundHandler, on_drop=on_drop)
    )
    return log


def _end_log(log: BackgroundHandler, settings: Settings) -> None:
    log.flush()
    if not log.stuck:  # else writing a line would keep the process from exiting
        configure_logging(settings)
        log.close()
