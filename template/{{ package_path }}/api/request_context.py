"""What every request gets: an id, a line in the log when it is slow, an answer when it fails."""

import logging
import re
import time
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..core.logger import log_context
from .errors import render

logger = logging.getLogger(__name__)

# ReDoc would fetch its maker's logo; a closed network is no place for that.
PAGES_LOAD = "default-src 'self' 'unsafe-inline' data: blob:"
HARMLESS_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class RequestContextMiddleware:
    """Pure ASGI, outermost, so that it sees every answer."""

    def __init__(self, app: ASGIApp, slow_after: float) -> None:
        self.app = app
        self.slow_after = slow_after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request; other connections pass."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if HARMLESS_ID.fullmatch(given) else uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        log_context.set({"request_id": request_id})
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                if headers.get("content-type", "").startswith("text/html"):
                    headers.setdefault("Content-Security-Policy", PAGES_LOAD)
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        except Exception as exc:
            logger.exception("Error while handling %s %s", scope["method"], scope["path"])
            if status:
                raise  # too late for another answer
            await (await render(Request(scope), exc))(scope, receive, send_with_id)
        seconds = time.perf_counter() - started
        if seconds > self.slow_after:
            line = ("Slow response: %s %s %s", scope["method"], scope["path"], status)
            logger.warning(*line, extra={"ms": round(seconds * 1000, 3)})
