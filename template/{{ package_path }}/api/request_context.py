"""Request context: an id, a log line when it is slow, a response when it fails."""

import errno
import logging
import re
import time
from collections.abc import Collection, Iterable
from random import getrandbits

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..config.settings import Settings
from ..core.errors import OverloadedError
from ..core.logger import log_context
from ..core.request import RequestContext, request_context
from .dependencies import RequestState
from .errors import render

logger = logging.getLogger(__name__)

# ReDoc would fetch a logo from the internet.
PAGES_LOAD = b"default-src 'self' 'unsafe-inline' data: blob:; frame-ancestors 'none'"
OF_PAGES = [(b"content-security-policy", PAGES_LOAD), (b"x-content-type-options", b"nosniff")]
OF_SCRIPTS = OF_PAGES[1:]
BROWSERS_RUN = (b"text/", b"application/javascript")
RawHeader = tuple[bytes, bytes]
HARMLESS_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
OUT_OF_DESCRIPTORS = {errno.EMFILE, errno.ENFILE}
EXPOSED = ("X-Request-ID", "X-Model-Name", "X-Model-Version", "Retry-After")


def middleware(_: FastAPI, settings: Settings) -> list[Middleware]:
    """Return the outermost middleware: every response has a request id, errors included."""
    origins, limits = settings.cors_origins, settings.service
    context = Middleware(
        RequestContextMiddleware, limits.slow_after, origins, limits.request_headers
    )
    return [context, Middleware(cross_origin, origins=origins)]


class RequestContextMiddleware:
    """Pure ASGI, outermost, so that it sees every response."""

    def __init__(
        self,
        app: ASGIApp,
        slow_after: float,
        origins: Collection[str] = (),
        shown: Collection[str] = (),
    ) -> None:
        self.app = app
        self.slow_after = slow_after
        self.shown = [(name.lower(), name.lower().encode()) for name in shown]
        self.origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request, and set its state; pass other connections on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["method"] == "HEAD" and not _has_route(scope):
            scope = {**scope, "method": "GET"}  # the server, which saw HEAD, sends no body
        started = time.perf_counter()
        state = _start(scope, self.shown)

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                state["status"], state["began"] = message["status"], time.perf_counter()
                message["headers"] = _complete(message.get("headers", ()), state["request_id"])
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        except Exception as exc:  # noqa: BLE001  (becomes a response)
            error = _log_failure(scope, exc)
            if "status" in state:
                return  # too late for another response; the server closes the connection
            response = await render(Request(scope), error)
            await cross_origin(response, self.origins)(scope, receive, send_with_id)
        self._log_if_slow(scope, state, started)

    def _log_if_slow(self, scope: Scope, state: RequestState, started: float) -> None:
        seconds = state.get("began", started) - started  # until it begins: a stream may be long
        if seconds > self.slow_after:
            what = scope["method"], scope["path"], state.get("status")
            logger.warning("Slow response: %s %s %s", *what, extra={"ms": round(seconds * 1000, 3)})


def cross_origin(app: ASGIApp, origins: Collection[str]) -> ASGIApp:
    """Let web pages of these origins read the responses of an app."""
    if not origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=EXPOSED,
    )


def _start(scope: Scope, shown: Iterable[tuple[str, bytes]]) -> RequestState:
    """Set the state of a request: its id, its headers as a mapping, and what the model may see."""
    headers = dict(scope["headers"])
    given = headers.get(b"x-request-id", b"")
    is_kept = given and HARMLESS_ID.fullmatch(given)
    request_id = given.decode() if is_kept else f"{getrandbits(128):032x}"
    state: RequestState = scope.setdefault("state", {})
    state["request_id"], state["headers"] = request_id, headers
    log_context.set({"request_id": request_id})
    chosen = {name: headers[raw].decode("latin-1") for name, raw in shown if raw in headers}
    request_context.set(RequestContext(request_id, chosen))
    return state


def _log_failure(scope: Scope, exc: Exception) -> Exception:
    """Log an error that nothing else handled; return the one to respond with."""
    is_full = getattr(exc, "errno", None) in OUT_OF_DESCRIPTORS
    what = "No file descriptors left for" if is_full else "Error while handling"
    where = (scope["method"], scope["path"])
    logger.error(f"{what} %s %s", *where, exc_info=None if is_full else exc)  # noqa: G004
    return OverloadedError("No file descriptors left") if is_full else exc


def _has_route(scope: Scope) -> bool:
    routes = getattr(scope.get("app"), "routes", ())
    return any(route.matches({**scope})[0] == Match.FULL for route in routes)


def _complete(headers: Iterable[RawHeader], request_id: str) -> list[RawHeader]:
    complete = [*headers, (b"x-request-id", request_id.encode())]
    for name, value in complete:
        if name == b"content-type" and value.startswith(BROWSERS_RUN):
            return complete + (OF_PAGES if value.startswith(b"text/html") else OF_SCRIPTS)
    return complete
