"""Reset the server's state in a process that the model forks.

A fork copies signal handlers, connections and locks, but no threads: without this module, the new
process would ignore `terminate()`, keep connections open, and wait for threads that do not exist.
"""

import os
import signal
import threading
from concurrent.futures import thread
from functools import cache
from typing import Any

from .uvicorn_server import Server

DEFAULT_HANDLERS: dict[int, Any] = {
    signal.SIGTERM: signal.SIG_DFL,
    signal.SIGINT: signal.default_int_handler,
}

_watching: list["AtFork"] = []
_lock = threading.RLock()  # held during a fork, so that there is one at a time


class AtFork:
    """State that a forked process must not inherit unchanged."""

    def watch_forks(self) -> None:
        """Register the callbacks below."""
        _register()
        _watching.append(self)

    def ignore_forks(self) -> None:
        """Unregister the callbacks below."""
        with _lock:
            if self in _watching:
                _watching.remove(self)

    def before_fork(self) -> None:
        """Reach a state that can be copied, and keep it until the fork is over."""

    def after_fork(self) -> None:
        """Continue, in the process that forked."""

    def in_child(self) -> None:
        """Release the inherited state, in the new process."""


class ServerAtFork(AtFork):
    """Restore Python's signal handlers in a forked process, and close the server's sockets in it.

    Args:
        server: The running server.
        handlers: Objects whose methods handle signals for the server.
    """

    def __init__(self, server: Server, *handlers: object) -> None:
        self._server = server
        self._handlers = [server.signal_handler, *handlers]
        self.watch_forks()

    def in_child(self) -> None:
        """Release signals, sockets and threads."""
        # Otherwise Python waits on exit for the threads of pools, and fails.
        getattr(thread, "_threads_queues", {}).clear()
        signal.set_wakeup_fd(-1)
        for number, handler in DEFAULT_HANDLERS.items():
            if getattr(signal.getsignal(number), "__self__", None) in self._handlers:
                signal.signal(number, handler)
        null = os.open(os.devnull, os.O_RDWR)
        for fileno in self._server.sockets():  # their objects live on, so keep the numbers in use
            os.dup2(null, fileno, inheritable=False)
        os.close(null)


@cache
def _register() -> None:
    """Register once: Python cannot unregister."""
    if hasattr(os, "register_at_fork"):  # Windows does not fork
        os.register_at_fork(
            before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child
        )


def _before() -> None:
    _lock.acquire()
    for state in _watching:
        state.before_fork()


def _after_in_parent() -> None:
    try:
        for state in _watching:
            state.after_fork()
    finally:
        _lock.release()


def _after_in_child() -> None:
    try:
        for state in _watching:
            state.in_child()
    finally:
        _watching.clear()
        _lock.release()
