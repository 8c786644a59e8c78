"""Apply changed settings at SIGHUP, and load changed artifacts, without a restart."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from threading import Event
from typing import Any

from fastapi import FastAPI

from ..api.dependencies import AppState, state_of
from ..config.settings import Settings
from ..core.config import load_config
from ..core.errors import ConfigError
from ..services.inference_service import InferenceService
from ..services.versions.changes import Change
from ..services.versions.served_model import ServedModel
from .config_changes import log_changes, log_rejected
from .connections.connection_setup import running_server

logger = logging.getLogger(__name__)

SIGHUP = getattr(signal, "SIGHUP", None)  # which Windows lacks

requested = Event()
"""Whether a reload was requested before the app was started."""


def server_options(settings: Settings) -> dict[str, Any]:
    """Return no options; from here on the signal does not end a process that only starts."""
    if SIGHUP is not None and not settings.debug:
        with suppress(ValueError):  # not the main thread
            signal.signal(SIGHUP, lambda *_: requested.set())
    return {}


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Reload at SIGHUP and regularly; a supervisor of workers starts new processes instead."""
    reloader, loop = Reloader(state_of(app)), asyncio.get_running_loop()
    listens = SIGHUP is not None and running_server() is not None
    if SIGHUP is not None and listens:
        with suppress(NotImplementedError, RuntimeError, ValueError):  # not the main thread
            loop.add_signal_handler(SIGHUP, reloader.reload)
            if requested.is_set():
                reloader.reload()
    try:
        yield
    finally:
        if SIGHUP is not None and listens:
            with suppress(NotImplementedError, RuntimeError, ValueError):
                loop.remove_signal_handler(SIGHUP)
        reloader.stop()


class Reloader:
    """Apply changes of the settings, one after the other."""

    def __init__(self, state: AppState) -> None:
        self._state, self._lock = state, asyncio.Lock()
        self._settings = state.settings  # as they were read last
        poll_s = state.settings.repository.poll_s
        self._tasks = {asyncio.create_task(self._poll(poll_s))} if poll_s else set()

    def reload(self) -> None:
        """Read the settings, and apply them."""
        logger.info("Reloading the settings")
        task = asyncio.create_task(self._reload())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def stop(self) -> None:
        """Cancel polling and pending reloads."""
        for task in self._tasks:
            task.cancel()

    async def _reload(self) -> None:
        async with self._lock:
            await asyncio.wait({self._state.loading})
            try:
                settings = await asyncio.to_thread(load_config)
                change = Change(self._state.models, self._state.settings, settings)
                log_changes(self._settings, settings)
                self._settings = settings
                await change.apply()
            except ConfigError as exc:
                log_rejected(exc)
            except Exception:
                logger.exception("Cannot change what is served")
            else:
                done = "Reloaded the settings"
                if change.is_complete:
                    logger.info(done)
                else:
                    logger.error("%s in part: see the lines above", done)

    async def _poll(self, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            async with self._lock:
                await asyncio.wait({self._state.loading})
                for model in self._state.models.values():
                    await _follow(model)


async def _follow(model: InferenceService) -> None:
    """Load the versions whose artifacts have changed."""
    for version in model.of_version.values() if isinstance(model, ServedModel) else ():
        with suppress(Exception):  # it is in the log, and the old one still predicts
            await version.load_if_moved()
