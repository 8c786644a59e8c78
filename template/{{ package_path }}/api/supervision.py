"""Several workers: one process starts them, watches them and replaces those that end."""

import atexit
import multiprocessing
import os
import shutil
import signal
import tempfile
from typing import Any

from fastapi import FastAPI
from uvicorn.supervisors import multiprocess

from ..config.settings import Settings
from ..core.errors import ConfigError

METRICS_DIR = "PROMETHEUS_MULTIPROC_DIR"
PATIENCE_S = 600  # for a worker that loads its model; one that is stuck is ended by its watchdog
LOOK_S = 0.1


def install(app: FastAPI, settings: Settings) -> None:
    """Ask for several workers, once it is clear that they can start.

    Raises:
        ConfigError: The model cannot be loaded: each worker would fail, be replaced, and fail.
    """
    workers = settings.hardening.workers
    if workers == 1 or multiprocessing.parent_process():
        return
    app.state.server_options |= {"workers": workers, "timeout_worker_healthcheck": PATIENCE_S}
    setattr(multiprocess, "Process", Worker)  # noqa: B010  (Uvicorn has no setting for them)
    setattr(multiprocess.Multiprocess, "join_all", join_all)  # noqa: B010
    if METRICS_DIR not in os.environ:  # where workers put their numbers together
        os.environ[METRICS_DIR] = tempfile.mkdtemp(prefix="metrics-")
        atexit.register(shutil.rmtree, os.environ[METRICS_DIR], ignore_errors=True)
    model = app.state.inference_service.runner.model
    try:
        model.load()
        model.unload()
    except Exception as exc:
        raise ConfigError(f"The model cannot be loaded: {exc}") from exc


class Worker(multiprocess.Process):
    """A worker whose end is seen at once, even while it is asked how it is."""

    def start(self) -> None:
        """Start the process; only it holds its end of the pipe then."""
        super().start()
        self.child_conn.close()


def join_all(supervisor: Any) -> None:
    """Wait for the workers, and pass on what asks a second time for the end."""
    while alive := [worker for worker in supervisor.processes if worker.process.is_alive()]:
        alive[0].process.join(LOOK_S)
        if supervisor.signal_queue:
            supervisor.signal_queue.clear()
            for worker in alive:
                os.kill(worker.pid, signal.SIGTERM)
