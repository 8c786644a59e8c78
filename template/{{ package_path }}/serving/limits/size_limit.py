"""A limit of request bodies: their size, and the cost of parsing them."""

from fastapi import FastAPI, HTTPException, Request, Response
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...api.dependencies import RequestState
from ...api.errors import render
from ...api.request_cost import (
    BODILESS,
    CLIENT_DISCONNECTED,
    check_cost,
    max_body_bytes,
    too_large,
)
from ...config.settings import Settings
from ...utils.json_cost import max_units


def middleware(_: FastAPI, settings: Settings) -> list[Middleware]:
    """Return the middleware that limits bodies."""
    return [Middleware(BodyLimitMiddleware, max_bytes=max_body_bytes(settings))]


class BodyLimitMiddleware:
    """Read the body of a request; reject one that is too large or too costly to parse."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app = app
        self.max_bytes, self.max_units = max_bytes, max_units(max_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http" or scope["method"] in BODILESS:
            await self.app(scope, receive, send)
            return
        try:
            content = await self._read(scope, receive)
        except ClientDisconnect:
            await Response(status_code=CLIENT_DISCONNECTED)(scope, receive, send)  # for metrics
            return
        except HTTPException as exc:
            await (await render(Request(scope), exc))(scope, receive, send)
            return
        messages = [{"type": "http.request", "body": content, "more_body": False}]

        async def replay() -> Message:
            return messages.pop() if messages else await receive()

        await self.app(scope, replay, send)

    async def _read(self, scope: Scope, receive: Receive) -> bytes:
        state: RequestState = scope["state"]
        headers = state["headers"]
        size, body, is_complete = int(headers.get(b"content-length", 0)), bytearray(), False
        while size <= self.max_bytes and not is_complete:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            body += message.get("body", b"")
            size, is_complete = max(size, len(body)), not message.get("more_body", False)
        if size > self.max_bytes:
            # A client that waits for `100 Continue` may send another request instead of the body.
            close = {"Connection": "close"} if b"expect" in headers else None
            raise HTTPException(413, too_large(self.max_bytes), close)
        content = bytes(body)
        check_cost(scope, content, self.max_units)
        if b"content-encoding" not in headers:
            state["body"] = content
        return content
