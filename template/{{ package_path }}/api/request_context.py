"""What every request gets: an id, a line in the log when it is slow, an answer when it fails."""

import logging
import re
import time
from collections.abc import Iterable
from random import getrandbits

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..core.logger import log_context
from .errors import render

logger = logging.getLogger(__name__)

# ReDoc would fetch its maker's logo; a closed network is no place for that.
PAGES_LOAD = (b"content-security-policy", b"default-src 'self' 'unsafe-inline' data: blob:")
RawHeader = tuple[bytes, bytes]
HARMLESS_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class RequestContextMiddleware:
    """Pure ASGI, outermost, so that it sees every answer."""

    def __init__(self, app: ASGIApp, slow_after: float) -> None:
        self.app = app
        self.slow_after = slow_after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request; other connections pass.

        `scope["state"]` gets `request_id`, `headers` as a mapping, and `status` once there is one.
        """
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"").decode("latin-1")
        request_id = given if HARMLESS_ID.fullmatch(given) else f"{getrandbits(128):032x}"
        state = scope.setdefault("state", {})
        state |= {"request_id": request_id, "headers": headers}
        log_context.set({"request_id": request_id})

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                state.update(status=message["status"], began=time.perf_counter())
                message["headers"] = _complete(message.get("headers", ()), request_id)
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        except Exception as exc:
            logger.exception("Error while handling %s %s", scope["method"], scope["path"])
            if "status" in state:
                raise  # too late for another answer
            await (await render(Request(scope), exc))(scope, receive, send_with_id)
        seconds = state.get("began", started) - started  # a stream may take its time from there on
        if seconds > self.slow_after:
            line = ("Slow response: %s %s %s", scope["method"], scope["path"], state.get("status"))
            logger.warning(*line, extra={"ms": round(seconds * 1000, 3)})


def _complete(headers: Iterable[RawHeader], request_id: str) -> list[RawHeader]:
    complete = [*headers, (b"x-request-id", request_id.encode())]
    kinds = [value for name, value in complete if name == b"content-type"]
    if kinds and kinds[0].startswith(b"text/html"):
        complete.append(PAGES_LOAD)
    return complete
