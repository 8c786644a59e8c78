"""What the service asks of the server that runs it: to drain, to watch, to wait for no client."""

import asyncio
import atexit
import gc
import logging
import multiprocessing
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import uvicorn
from fastapi import APIRouter, FastAPI

from ..config.settings import Settings
from ..core.errors import ConfigError
from ..core.lifecycle import Drain, Watchdog
from ..core.log_writer import BackgroundHandler
from ..core.logger import configure_logging
from ..services.inference_service import InferenceService
from .header_guard import HeaderGuard

METRICS_DIR = "PROMETHEUS_MULTIPROC_DIR"


def install(app: FastAPI, settings: Settings) -> None:
    """Ask for several workers, once it is clear that they can start.

    Raises:
        ConfigError: The model cannot be loaded: each worker would fail, be replaced, and fail.
    """
    workers = settings.hardening.workers
    if workers == 1 or multiprocessing.parent_process():
        return
    app.state.server_options["workers"] = workers
    if METRICS_DIR not in os.environ:  # where workers put their numbers together
        os.environ[METRICS_DIR] = tempfile.mkdtemp(prefix="metrics-")
        atexit.register(shutil.rmtree, os.environ[METRICS_DIR], ignore_errors=True)
    model = app.state.inference_service.runner.model
    try:
        model.load()
        model.unload()
    except Exception as exc:
        raise ConfigError(f"The model cannot be loaded: {exc}") from exc


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
    service.observers.append(_freeze)
    service.later = asyncio.get_running_loop().call_soon
    drain = Drain(server, settings.hardening.drain_s)
    service.checks.append(lambda: not drain.begun)
    watchdog = Watchdog(settings.hardening.watchdog_s)
    guard = HeaderGuard(server, settings.hardening, service)
    yield
    guard.stop()
    watchdog.stop()
    configure_logging(settings)
    log.close()


router = APIRouter(lifespan=lifespan)


def _freeze(event: str, _: float, __: str) -> None:
    """Keep the garbage collector from what stays to the end: its long walks show as latency."""
    if event == "loaded":
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)  # a request makes no cycles worth a look every few of them
