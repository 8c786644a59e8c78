"""Several workers: one process starts them, watches them and replaces those that end."""

import atexit
import logging
import os
import shutil
import signal
import sys
import tempfile
import time
from contextlib import suppress
from functools import partial
from typing import Any

from fastapi import FastAPI
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import multiprocess

from ...api.dependencies import state_of
from ...config.settings import Settings
from ...core.errors import ConfigError
from ..startup import respond
from .rolling_restart import RollingRestart
from .uvicorn_server import use_supervisor
from .worker import METRICS_DIR, PATIENCE_S, Worker, is_worker, report_once

logger = logging.getLogger(__name__)

POLL_S = 0.1  # between two checks of a process or task
LONGEST_PAUSE_S = 60  # between two attempts to replace a worker
FATAL = {ConfigError.exit_code, STARTUP_FAILURE}  # another attempt would fail too


def install(app: FastAPI, settings: Settings) -> None:
    """Configure several workers; in a worker, let only the first that fails report it."""
    state = state_of(app)
    if is_worker() and settings.hardening.workers > 1:
        state.on_load_failure = partial(report_once, state.on_load_failure)
    state.server_options |= server_options(settings)


def server_options(settings: Settings) -> dict[str, Any]:
    """Return the options for Uvicorn to start several workers; nothing in a worker.

    Raises:
        ConfigError: There is no folder for the shared metrics of workers, or `debug` is on, with
            which Uvicorn starts only one process.
    """
    workers = settings.hardening.workers
    if workers == 1 or is_worker():
        return {}
    if settings.debug:
        raise ConfigError("Configuration error:\n  hardening.workers: must be 1 while debug is on")
    use_supervisor(partial(Supervisor, settings), Worker)
    if not os.environ.keys() & {METRICS_DIR, METRICS_DIR.lower()}:
        _share_metrics()
    return {"workers": workers, "timeout_worker_healthcheck": PATIENCE_S}


def _share_metrics() -> None:
    for parent in (None, "/dev/shm"):  # noqa: S108  (a container's root may be read-only)
        with suppress(OSError):
            os.environ[METRICS_DIR] = folder = tempfile.mkdtemp(prefix="metrics-", dir=parent)
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            return
    if "prometheus_client" in sys.modules:  # else there are no metrics
        raise ConfigError(
            f"Configuration error:\n  environment {METRICS_DIR}: not set, and no folder for "
            "temporary files can be written. Workers share metrics through a folder: name one "
            "that can be written, or add one to the container with --tmpfs /tmp"
        )


class Supervisor(RollingRestart):
    """Replace a worker that served at once; retry one that did not with growing pauses.

    The service ends if a worker of the start cannot load the model, or if no other worker serves.
    """

    exit_code = 0

    def run(self) -> None:
        """Run the workers, and respond until the first listens.

        Raises:
            SystemExit: A worker could not start; the exit code is that of the worker.
        """
        respond(self.sockets, self._settings)
        super().run()
        if self.exit_code:
            raise SystemExit(self.exit_code)

    def keep_subprocess_alive(self) -> None:
        """Check each worker, and replace it if necessary."""
        workers: list[Any] = self.processes
        for index, worker in enumerate(workers):
            if self.should_exit.is_set():
                return
            if worker.retry_at:
                self._retry(index, worker)
            elif not worker.is_alive():
                worker.kill()  # it may only be stuck
                worker.join()
                self._replace(index, worker)

    def _replace(self, index: int, worker: Any) -> None:
        if worker.exitcode in FATAL and not (worker.is_replacement and self._others_serve(worker)):
            self.exit_code = worker.exitcode
            self.should_exit.set()
        elif worker.has_served:
            logger.info("Child process [%s] died", worker.pid)
            self._start(index)
        else:
            pause = min(2**worker.failures, LONGEST_PAUSE_S)
            worker.retry_at = time.monotonic() + pause
            logger.error(
                "Child process [%s] ended with exit code %s before it served; next attempt in %g s",
                worker.pid,
                worker.exitcode,
                pause,
            )

    def _retry(self, index: int, worker: Any) -> None:
        if time.monotonic() >= worker.retry_at:
            self._start(index, worker.failures + 1)

    def _start(self, index: int, failures: int = 0) -> None:
        worker: Any = multiprocess.Process(self.config, self.sockets)
        worker.failures, worker.number = failures, index
        worker.start()
        self.processes[index] = worker

    def _others_serve(self, worker: object) -> bool:
        others: list[Any] = [other for other in self.processes if other is not worker]
        return any(other.is_alive() and other.has_served for other in others)

    def join_all(self) -> None:
        """Wait for the workers; kill them at a second signal."""
        while alive := [worker for worker in self.processes if worker.process.is_alive()]:
            alive[0].process.join(POLL_S)
            again = {signal.SIGTERM, signal.SIGINT} & {*self.signal_queue}
            self.signal_queue.clear()
            if again:
                for worker in alive:
                    worker.process.kill()
