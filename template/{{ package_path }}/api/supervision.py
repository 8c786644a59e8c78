"""Several workers: one process starts them, watches them and replaces those that end."""

import asyncio
import atexit
import os
import shutil
import signal
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from socket import socket
from typing import Any

from fastapi import FastAPI
from uvicorn.supervisors import multiprocess

from ..config.settings import Settings
from ..core.errors import ConfigError
from ..core.lifecycle import is_worker
from ..services.model_runner import ModelRunner

METRICS_DIR = "PROMETHEUS_MULTIPROC_DIR"
PATIENCE_S = 600  # for a worker that loads its model; one that is stuck is ended by its watchdog
LOOK_S = 0.1  # between two looks at what is waited for


def install(app: FastAPI, settings: Settings) -> None:
    """Ask for several workers, once it is clear that they can start.

    Raises:
        ConfigError: The model cannot be loaded: each worker would fail, be replaced, and fail.
    """
    workers = settings.hardening.workers
    if workers == 1 or is_worker():
        return
    app.state.server_options |= {"workers": workers, "timeout_worker_healthcheck": PATIENCE_S}
    # Uvicorn has no setting for what these do.
    setattr(multiprocess, "Process", Worker)  # noqa: B010
    setattr(multiprocess.Multiprocess, "join_all", join_all)  # noqa: B010
    if METRICS_DIR not in os.environ:  # where workers put their numbers together
        os.environ[METRICS_DIR] = tempfile.mkdtemp(prefix="metrics-")
        atexit.register(shutil.rmtree, os.environ[METRICS_DIR], ignore_errors=True)
    _try_to_load(ModelRunner(app.state.inference_service.runner.model, settings.service))


def _try_to_load(runner: ModelRunner) -> None:
    try:
        with ThreadPoolExecutor(1) as thread:  # an event loop may run in this one
            thread.submit(lambda: asyncio.run(runner.start())).result()
        runner.stop()
    except Exception as exc:
        raise ConfigError(f"The model cannot be loaded: {exc}") from exc


class Worker(multiprocess.Process):
    """A worker whose end is seen at once, even while it is asked how it is."""

    started = 0
    """Workers started so far, in the process that starts them."""
    is_replacement = False
    """In a worker: whether others serve while it starts."""

    def start(self) -> None:
        """Start the process; only it holds its end of the pipe then."""
        vars(self)["is_replacement"] = Worker.started >= (self.config.workers or 1)
        Worker.started += 1
        super().start()
        self.child_conn.close()

    def target(self, sockets: list[socket] | None = None) -> None:
        """Serve, in the worker."""
        Worker.is_replacement = self.is_replacement
        super().target(sockets)

    def join(self) -> None:
        """Wait for the end, and take away what the worker said of itself in the metrics."""
        super().join()
        for file in Path(os.environ.get(METRICS_DIR, "")).glob(f"gauge_live*_{self.pid}.db"):
            file.unlink(missing_ok=True)


def join_all(supervisor: Any) -> None:
    """Wait for the workers; end them when asked a second time."""
    while alive := [worker for worker in supervisor.processes if worker.process.is_alive()]:
        alive[0].process.join(LOOK_S)
        again = {signal.SIGTERM, signal.SIGINT} & {*supervisor.signal_queue}
        supervisor.signal_queue.clear()
        if again:
            for worker in alive:
                worker.process.kill()
