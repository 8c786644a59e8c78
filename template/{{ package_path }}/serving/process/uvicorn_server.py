"""Uses of Uvicorn that its public interface does not offer: all but those of connections.

`shutdown.py` and `forking.py` need only a `Server`, for which tests have a fake. Uvicorn's classes
for several workers are extended in `supervisor.py`, `rolling_restart.py` and `worker.py`,
connections in `connections/`.
"""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, Protocol

import uvicorn
from uvicorn.supervisors import multiprocess

CLOSE = (b"connection", b"close")


class Server(Protocol):
    """A running server."""

    @property
    def signal_handler(self) -> object:
        """The object whose methods handle signals."""

    @property
    def is_ending(self) -> bool:
        """Whether its end was requested."""

    def end(self, number: int, frame: FrameType | None, *, at_once: bool = False) -> None:
        """Finish the requests in progress, or none, and exit; a signal was the reason."""

    def close_after_responses(self) -> None:
        """Close each connection after its next response."""

    def stop_accepting(self) -> None:
        """Accept no more connections."""

    def sockets(self) -> set[int]:
        """Return the file numbers of all open sockets."""


class UvicornServer:
    """The server of Uvicorn that runs the app."""

    def __init__(self, server: uvicorn.Server) -> None:
        self.config = server.config
        self.signal_handler = server
        self._server: Any = server

    @property
    def is_ending(self) -> bool:
        """Whether its end was requested."""
        return bool(self._server.should_exit)

    def end(self, number: int, frame: FrameType | None, *, at_once: bool = False) -> None:
        """Finish the requests in progress, or none, and exit; a signal was the reason."""
        if at_once:
            self._server.force_exit = True
        self._server.handle_exit(number, frame)

    def close_after_responses(self) -> None:
        """Close each connection after its next response."""
        self.config.encoded_headers.append(CLOSE)
        state = self._server.server_state
        # A new list: requests that have begun hold the old one.
        state.default_headers = [*state.default_headers, CLOSE]

    def stop_accepting(self) -> None:
        """Accept no more connections."""
        for listener in self._listeners():
            listener.close()

    def _listeners(self) -> list[Any]:
        return getattr(self._server, "servers", [])  # set once the lifespans have begun

    def sockets(self) -> set[int]:
        """Return the file numbers of all open sockets."""
        listening = [socket for listener in self._listeners() for socket in listener.sockets]
        talking = [
            other.transport.get_extra_info("socket")
            for other in self._server.server_state.connections
        ]
        return {socket.fileno() for socket in [*listening, *talking] if socket} - {-1}


def use_supervisor(supervisor: Callable[..., object], worker: type) -> None:
    """Let `uvicorn.run` start these when there are several workers; it has no setting for this."""
    setattr(multiprocess, "Process", worker)  # noqa: B010
    setattr(sys.modules["uvicorn.main"], "Multiprocess", supervisor)  # noqa: B010
