"""A worker process: its handle in the supervisor, and its state inside the worker."""

import logging
import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from socket import socket, socketpair
from typing import ClassVar

from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import multiprocess

from ...core.errors import ConfigError
from ..startup import Startup

logger = logging.getLogger(__name__)

METRICS_DIR = "PROMETHEUS_MULTIPROC_DIR"
NUMBER = "WORKER_NUMBER"  # from 0, for models that share GPUs
PATIENCE_S = 600  # for a worker that loads its model; later its watchdog ends one that is stuck


def is_worker() -> bool:
    """Return whether the supervisor started this process; valid also during import."""
    return multiprocessing.current_process().name != "MainProcess"


class Worker(multiprocess.Process):
    """A worker process whose end is noticed at once."""

    started: ClassVar[int] = 0
    """Workers started so far, counted in the supervisor."""
    next_number: ClassVar[int] = 0
    """Number of the next one that has none."""
    number: int | None = None
    """Its place among the workers; a replacement has that of the one before."""
    is_replacement = False
    """In a worker: whether other workers serve while it starts."""
    may_report: socket | None = None
    """Socket with one byte, for the first worker of the start that cannot load the model."""
    responder: socket | None = None
    """Socket that stops the responder of the supervisor."""
    has_served = False
    """Whether it accepted requests; one of the start counts as if it did."""
    failures = 0
    """Consecutive attempts that ended before the worker accepted requests."""
    retry_at = 0.0
    """Time to start a replacement for this worker, which has ended."""
    _pinged_at: float | None = None

    def start(self) -> None:
        """Start the process, and close its end of the pipe here."""
        self.is_replacement = Worker.started >= (self.config.workers or 1)
        Worker.started += 1
        if self.number is None:  # at the start, and at SIGHUP, which replaces all in order
            self.number = Worker.next_number % (self.config.workers or 1)
            Worker.next_number += 1
        if not self.is_replacement:
            self.has_served = True
            self.may_report, _ = _first_failure()
        self.responder = Startup.responder
        super().start()
        self.child_conn.close()

    def target(self, sockets: list[socket] | None = None) -> None:
        """Build the app and serve, in the worker."""
        os.environ[NUMBER] = f"{self.number}"
        Worker.is_replacement, Worker.may_report = self.is_replacement, self.may_report
        Startup.responder = self.responder
        inheritable = False
        pipe = [self.parent_conn, self.child_conn]
        for own in [*pipe, *(sockets or ()), *filter(None, [self.may_report, self.responder])]:
            # Otherwise a program that the model runs could keep the port open.
            os.set_inheritable(own.fileno(), inheritable)
        self._build()
        super().target(sockets)

    def _build(self) -> None:
        """Build the app before the server handles signals, so that SIGTERM ends an import.

        Raises:
            SystemExit: The app cannot be built, which another attempt would not change.
        """
        try:
            import_module(str(self.config.app).partition(":")[0]).build()
        except ConfigError as exc:
            report_once(partial(print, file=sys.stderr), exc)
            sys.exit(ConfigError.exit_code)
        except Exception:
            logger.critical("The app cannot be built", exc_info=True)
            sys.exit(STARTUP_FAILURE)

    def is_alive(self, timeout: float = PATIENCE_S) -> bool:
        """Return whether it runs and responded to pings in time; do not wait for a response."""
        if not self.process.is_alive():
            return False
        try:
            while self.parent_conn.poll():
                self.has_served = self.parent_conn.recv() or self.has_served
                self._pinged_at = None
            if self._pinged_at is None:
                self.parent_conn.send(b"ping")
                self._pinged_at = time.monotonic()
        except (OSError, EOFError):
            return False
        return time.monotonic() - self._pinged_at < timeout

    def join(self) -> None:
        """Wait for the end, and delete the worker's live gauges from the metrics."""
        super().join()
        for file in Path(os.environ.get(METRICS_DIR, "")).glob(f"gauge_live*_{self.pid}.db"):
            file.unlink(missing_ok=True)


@cache
def _first_failure() -> tuple[socket, socket]:
    """Return a pair of sockets that holds one byte; both stay open in the supervisor."""
    reader, writer = socketpair()
    writer.send(b"1")
    return reader, writer


def report_once(report: Callable[[Exception], object], exc: Exception) -> None:
    """Report that the model cannot be loaded, or end the process if another worker reports it."""
    try:
        if Worker.may_report is not None:
            Worker.may_report.settimeout(0)
            Worker.may_report.recv(1)
    except BlockingIOError:
        os._exit(ConfigError.exit_code)
    report(exc)
