"""Models that use the process: they fork, run programs, leave cycles, hold the interpreter."""

import ctypes
import faulthandler
import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, ClassVar

from .base import Model

logger = logging.getLogger(__name__)
foreign = logging.getLogger("some_library")
fork = multiprocessing.get_context("fork") if sys.platform != "win32" else multiprocessing

FIELDS = "%(process)d %(processName)s %(thread)d %(threadName)s %(funcName)s %(filename)s"


def wait(ready: Any) -> None:
    ready.set()
    time.sleep(600)


def watch() -> None:
    faulthandler.dump_traceback_later(0.01, repeat=False)
    time.sleep(0.1)
    faulthandler.cancel_dump_traceback_later()


class Forking(Model):
    """A model that forks as its input says, and returns how the child ended."""

    model_name: ClassVar[str] = "forking"
    version: ClassVar[str] = "1"

    def predict(self, input_data: str) -> str:
        return str(getattr(self, f"_{input_data}", lambda: "warm")())

    def _child(self) -> Any:
        ready = fork.Event()
        child = fork.Process(target=wait, args=(ready,), daemon=True)
        child.start()
        ready.wait(60)
        return child

    def _terminate(self) -> Any:
        child = self._child()
        child.terminate()
        child.join(30)
        return child.exitcode

    def _interrupt(self) -> Any:
        child = self._child()
        os.kill(child.pid, signal.SIGINT)
        child.join(30)
        return child.exitcode

    def _log(self) -> Any:
        child = fork.Process(target=lambda: [logger.info("of the child %s", n) for n in range(50)])
        child.start()
        child.join(30)
        return child.exitcode

    def _watch(self) -> Any:
        """Let a child use what the watchdog of the server uses."""
        child = fork.Process(target=watch, daemon=True)
        child.start()
        child.join(30)
        return child.exitcode

    def _stay(self) -> Any:
        """Start a child that outlives the response."""
        return self._child().pid

    def _inherit(self) -> Any:
        """Run a program that inherits what may be inherited, and list its sockets."""
        script = "ls -l /proc/self/fd | grep -c socket"
        run = subprocess.run(["sh", "-c", script], close_fds=False, capture_output=True, text=True)
        return run.stdout.strip()


class Cycles(Model):
    """A model that leaves 100 KB in a cycle of references at each call."""

    model_name: ClassVar[str] = "cycles"
    version: ClassVar[str] = "1"

    def predict(self, input_data: str) -> int:
        cycle: list[Any] = [bytearray(100_000)]
        cycle.append(cycle)
        return len(input_data)


class Library(Model):
    """A model with a library that logs, with a handler and a format of its own."""

    model_name: ClassVar[str] = "library"
    version: ClassVar[str] = "1"

    def load(self) -> None:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter(f"foreign: {FIELDS} %(message)s"))
        foreign.addHandler(handler)
        root = logging.StreamHandler()
        root.setFormatter(logging.Formatter(f"own: {FIELDS} %(message)s"))
        logging.getLogger(__name__.partition(".")[0]).addHandler(root)

    def predict(self, _: str) -> int:
        foreign.warning("tells")
        logger.warning("tells too")
        return os.getpid()


class HoldsInterpreter(Model):
    """A model that holds the interpreter for three seconds as it loads, as a large pickle does."""

    model_name: ClassVar[str] = "holds"
    version: ClassVar[str] = "1"

    def load(self) -> None:
        logger.info("begin to load")
        time.sleep(0.5)  # the server has begun its work
        ctypes.PyDLL(None).sleep(3)  # a `PyDLL` lets no other thread run

    def predict(self, _: str) -> int:
        return os.getpid()


class LoadsWhile(Model):
    """A model that waits for a file as it loads at the start; later, loading fails without it."""

    model_name: ClassVar[str] = "loads_while"
    version: ClassVar[str] = "1"

    def load(self) -> None:
        logger.info("begin to load")
        artifact = Path(os.environ["ARTIFACT"])
        if artifact.with_name("gone").exists():
            artifact.read_bytes()
        while not artifact.exists():
            time.sleep(0.01)

    def predict(self, _: str) -> int:
        return os.getpid()
