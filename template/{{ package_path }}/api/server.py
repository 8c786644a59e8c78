"""What the service asks of the server that runs it: to drain, to watch, to wait for no client."""

import asyncio
import gc
import logging
import math
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import uvicorn
from fastapi import APIRouter, FastAPI

from ..config.settings import Settings
from ..core.lifecycle import Drain, Watchdog
from ..core.log_writer import BackgroundHandler
from ..core.logger import configure_logging
from ..services.inference_service import InferenceService
from .header_guard import HeaderGuard
from .supervision import LOOK_S, Worker


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Guard the process; where a test or another server runs the app, there is nothing to do."""
    # The handler of the signal is a method of the server that runs this.
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    if not isinstance(server, uvicorn.Server):
        yield
        return
    settings: Settings = app.state.settings
    service: InferenceService = app.state.inference_service
    count_dropped = partial(service.observe, "dropped", label="log")
    log = configure_logging(settings, kind=partial(BackgroundHandler, on_drop=count_dropped))
    # Lines have no place for these; see "Optimization" in Python's logging HOWTO.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # noqa: SLF001  (named there)
    look_for_telemetry_once(app)
    app.state.loading.add_done_callback(_freeze)
    service.later = asyncio.get_running_loop().call_soon
    server.config.timeout_graceful_shutdown = math.ceil(2 * settings.service.timeout)  # wait, run
    if Worker.is_replacement:  # the others serve meanwhile, and this one could not
        while not (app.state.loading.done() or server.should_exit):
            await asyncio.wait({app.state.loading}, timeout=LOOK_S)
    drain = Drain(server, settings.hardening.drain_s)
    service.checks.append(lambda: not drain.begun)
    watchdog = Watchdog(settings.hardening.watchdog_s)
    guard = HeaderGuard(server, settings.hardening, service)
    try:
        yield
    finally:
        guard.stop()
        watchdog.stop()
        log.flush()
        if not log.stuck:  # else a line written here and now would keep the process from ending
            configure_logging(settings)
            log.close()


router = APIRouter(lifespan=lifespan)


def look_for_telemetry_once(app: FastAPI) -> None:
    """Spare FastAPI its look for OpenTelemetry's providers at every request, if there are none now.

    It reads the environment each time, a twentieth of a request.
    """
    telemetry: Any = getattr(app, "_native_telemetry", None)
    if telemetry and not telemetry.enabled():
        telemetry.enabled = lambda: False


def _freeze(_: object) -> None:
    """Keep the garbage collector from what stays to the end: its long walks show as latency."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)  # a request makes no cycles worth a look every few of them
