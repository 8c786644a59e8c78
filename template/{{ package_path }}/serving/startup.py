"""Respond while the app is built, which imports the model's module and may take long.

Until the server listens, a thread responds on its sockets: to `/health` as always, with 503 to
everything else.
"""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from socket import socket, socketpair
from types import SimpleNamespace
from typing import Any, ClassVar

import uvicorn
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from ..api import errors, request_context
from ..api.dependencies import state_of
from ..api.health import health
from ..config.settings import Settings
from ..core.errors import ModelNotReadyError
from .connections.connection_setup import guard_connections

HANDOVER_S = 1  # for requests that were accepted before the server listens


class Startup:
    """The start of this process or, in a worker, of its supervisor."""

    responder: ClassVar[socket | None] = None
    """End of a pair of sockets: a byte stops the responder, which then closes the other end."""


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Stop the responder: the server listens next."""
    stop()
    yield


def stop() -> None:
    """Stop the responder, if there is one, and wait until it accepts no more connections."""
    if Startup.responder:
        with suppress(OSError):  # another worker has stopped it
            Startup.responder.settimeout(HANDOVER_S)
            Startup.responder.send(b"1")
            Startup.responder.recv(1)


def respond(sockets: Sequence[socket], settings: Settings) -> list[socket]:
    """Listen on bound sockets, and respond from a thread; return the sockets that it uses."""
    copies = [sock.dup() for sock in sockets]
    for copy in copies:
        copy.listen()
    stop_signal, Startup.responder = socketpair()
    config = uvicorn.Config(_create_app(settings), workers=1, lifespan="off", log_config=None)
    arguments = copies, config, stop_signal
    threading.Thread(target=_run, args=arguments, name="startup", daemon=True).start()
    return [*copies, stop_signal]


@contextmanager
def responding(sockets: Sequence[socket], settings: Settings) -> Iterator[None]:
    """Respond while the block builds the app, and until the server listens."""
    inherited = [*sockets, *respond(sockets, settings)]
    if hasattr(os, "register_at_fork"):  # a process that the model forks must not keep the port
        os.register_at_fork(after_in_child=lambda: _close(inherited))
    before: Any = signal.getsignal(signal.SIGTERM)
    if os.getpid() == 1:  # of a container: it would ignore the signal
        signal.signal(signal.SIGTERM, _end)
    try:
        yield
    finally:
        inherited.clear()
        if signal.getsignal(signal.SIGTERM) is _end:
            signal.signal(signal.SIGTERM, before)


def _end(number: int, _: object) -> None:
    os._exit(128 + number)


def _close(sockets: Iterable[socket]) -> None:
    for sock in sockets:
        sock.close()


def _run(sockets: Iterable[socket], config: uvicorn.Config, stop_signal: socket) -> None:
    # That of asyncio may reset a connection that it accepts when it stops.
    factory: Any = config.get_loop_factory()
    if sys.platform == "win32":
        factory = asyncio.SelectorEventLoop  # a socket of the default one is of no other loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(_respond_until(stop_signal, sockets, config))


async def _respond_until(
    stop_signal: socket, sockets: Iterable[socket], config: uvicorn.Config
) -> None:
    state = ServerState()
    config.load()
    guard_connections(SimpleNamespace(config=config, server_state=state), config.app)
    state.default_headers = [(b"connection", b"close")]
    protocol: Any = config.http_protocol_class
    create = partial(protocol, config=config, server_state=state, app_state={})
    loop = asyncio.get_running_loop()
    with stop_signal:
        stop_signal.setblocking(False)  # noqa: FBT003
        listeners = [await loop.create_server(create, sock=sock) for sock in sockets]
        await loop.sock_recv(stop_signal, 1)
        for listener in listeners:
            listener.close()
    await asyncio.sleep(HANDOVER_S)


def _create_app(settings: Settings) -> FastAPI:
    app = FastAPI(openapi_url=None)
    state = state_of(app)
    state.settings, state.connection_limits, state.error_forms = settings, {}, {}
    errors.install(app, settings)
    app.add_api_route("/health", health)
    app.router.default = _unavailable
    app.user_middleware = request_context.middleware(app, settings)
    return app


async def _unavailable(_: Scope, __: Receive, ___: Send) -> None:
    raise ModelNotReadyError("The service is starting")
