"""Set up Uvicorn's connections: limits, keep-alive and backlog, however the service is started."""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import uvicorn
from fastapi import FastAPI
from starlette.responses import Response
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ...api.dependencies import state_of
from ...api.request_context import OUT_OF_DESCRIPTORS, RequestContextMiddleware, cross_origin
from ...config.settings import Settings
from ...core.errors import ConfigError
from .connection_guard import ConnectionGuard, ConnectionLimits, descriptors
from .http_protocol import GuardedProtocol
from .upgrades import takes_websockets

logger = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Guard connections of Uvicorn; do nothing in a test or on another server."""
    server = running_server()
    guard = guard_connections(server, app) if server else None
    try:
        yield
    finally:
        if guard:
            guard.stop()


def guard_connections(server: Any, app: Any) -> ConnectionGuard | None:
    """Apply settings and limits to a server of Uvicorn that starts; return its guard."""
    config, state = server.config, state_of(app)
    limits = ConnectionLimits(
        unavailable=_respond(503, state.settings),
        too_large=_respond(431, state.settings),
        **state.connection_limits,
    )
    config.timeout_keep_alive = state.settings.keep_alive_s
    loop = asyncio.get_running_loop()
    if isinstance(loop, asyncio.BaseEventLoop):  # it accepts a whole backlog at once
        config.backlog = int(min(config.backlog, descriptors() / 8))
    if not issubclass(config.http_protocol_class, HttpToolsProtocol):
        _report_unguarded(config.http_protocol_class.__name__, is_fatal=limits.is_strict)
        return None
    if not takes_websockets(app):
        config.ws_protocol_class = None
    guard = ConnectionGuard(server.server_state.connections, limits)
    config.http_protocol_class = partial(GuardedProtocol, guard)
    loop.set_exception_handler(OutOfDescriptors())
    return guard


def running_server() -> uvicorn.Server | None:
    """Return the server that runs the app; it is found by its signal handler."""
    server = getattr(signal.getsignal(signal.SIGINT), "__self__", None)
    return server if isinstance(server, uvicorn.Server) else None


class OutOfDescriptors:
    """Log one line a second, where asyncio logs a traceback for each attempt to accept."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Handle an exception of the event loop."""
        if getattr(context.get("exception"), "errno", None) not in OUT_OF_DESCRIPTORS:
            loop.default_exception_handler(context)
        elif loop.time() > self._next:
            self._next = loop.time() + 1
            logger.warning("No file descriptors left for new connections; see `ulimit -n`")


def _respond(status: int, settings: Settings) -> ASGIApp:
    """Return an app that always sends one response, with the usual headers."""
    response = Response(status_code=status, headers={"Connection": "close", "Retry-After": "1"})
    app = cross_origin(response, settings.cors_origins)
    return RequestContextMiddleware(app, settings.service.slow_after)


def _report_unguarded(protocol: str, *, is_fatal: bool) -> None:
    problem = f"{protocol} does not enforce the limits of connections; start with --http auto"
    logger.log(logging.CRITICAL if is_fatal else logging.WARNING, problem)
    if is_fatal:
        logging.shutdown()
        os._exit(ConfigError.exit_code)
