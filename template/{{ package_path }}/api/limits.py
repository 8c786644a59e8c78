"""What a request may cost: the bytes and seconds of its body, and its turn at the model."""

import asyncio

from fastapi import FastAPI, HTTPException, Request, Response
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from ..config.settings import Settings
from ..core.errors import OverloadedError
from ..services.admission import Gate
from ..services.inference_service import InferenceService
from .encodings import EncodingError, create_inflater, describe_as_inflated
from .errors import render
from .exchange import Exchange
from .lookout import Lookout

# They ask how the service is, so they never wait for those who ask it to work.
UNLIMITED = {"GET", "HEAD", "OPTIONS"}
CLIENT_LEFT = 499  # nginx's
REST_BODIES = 4  # of the largest size: what is read of one that is refused
MOST_SKIPPING = 16  # requests at a time: what the server buffers for them is in no budget


def install(app: FastAPI, settings: Settings) -> None:
    """Read bodies and admit requests, next to the short way: middleware of yours stands before."""
    service: InferenceService = app.state.inference_service
    gate = Gate(service.runner.capacity, settings.hardening.max_waiting, settings.service.timeout)
    limits = Middleware(LimitsMiddleware, settings=settings, service=service, gate=gate)
    app.user_middleware.insert(-1, limits)


class LimitsMiddleware:
    """Reads the body of a request, waits for its turn, and ends it when its client leaves."""

    def __init__(
        self, app: ASGIApp, settings: Settings, service: InferenceService, gate: Gate
    ) -> None:
        self.app = app
        self.limits = settings.hardening
        self.service = service
        self.gate, self.lookout = gate, Lookout()
        self.held = 0  # bytes of all bodies
        self.skipping = 0  # requests that are read on although they are refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request; `scope["state"]["body"]` is its body from here on."""
        if scope["type"] != "http" or scope["method"] in UNLIMITED:
            await self.app(scope, receive, send)
            return
        exchange = Exchange(receive, scope["state"], self.limits.body_timeout_s, self.lookout)
        try:
            await self._admit(scope, exchange)
            try:
                await self.app(scope, exchange.replay(scope["state"]["body"]), send)
            finally:
                self.gate.leave()
        except _RefusedError as refused:
            exchange.end()
            if refused.reason in {"large_body", "encoding"}:
                await self._skip_rest(exchange)
            await self._refuse(refused, scope, receive, send)
        except asyncio.CancelledError:
            if not exchange.left:
                raise
            self.service.observe("rejected", label="client_left")
            await Response(status_code=CLIENT_LEFT)(scope, receive, send)  # for the middleware
        finally:
            exchange.end()
            self.held -= exchange.held

    async def _admit(self, scope: Scope, exchange: Exchange) -> None:
        try:
            self.gate.check()
            scope["state"]["body"] = await self._read(scope["state"]["headers"], exchange)
            if b"content-encoding" in scope["state"]["headers"]:
                describe_as_inflated(scope)
            exchange.body_is_read()
            await self._take_turn()
        except asyncio.CancelledError:
            if not exchange.late:
                raise
            raise _RefusedError(
                HTTPException(408, f"No body in {self.limits.body_timeout_s:g} s"), "slow_body"
            ) from None
        except EncodingError as exc:
            raise _RefusedError(HTTPException(exc.status, str(exc)), "encoding") from exc
        except OverloadedError as exc:
            raise _RefusedError(exc, "overload") from exc

    async def _take_turn(self) -> None:
        if self.gate.free:
            await self.gate.enter()
            return
        self.service.observe("waiting", 1)
        try:
            await self.gate.enter()
        finally:
            self.service.observe("waiting", -1)

    async def _read(self, headers: dict[bytes, bytes], exchange: Exchange) -> bytes:
        """Read a body, inflate it where it is compressed, and count its bytes."""
        if int(headers.get(b"content-length", 0)) > self.limits.max_body_bytes:
            raise self._too_large()
        inflate = create_inflater(headers.get(b"content-encoding", b"").lower())
        chunks: list[bytes] = []
        more = True
        while more:
            message = await exchange.receive()
            if message["type"] == "http.disconnect":
                exchange.left = True
                raise asyncio.CancelledError
            more = message.get("more_body", False)
            room = self.limits.max_body_bytes - exchange.held
            chunk = inflate(message.get("body", b""), room + 1, not more)
            if len(chunk) > room:
                raise self._too_large()
            if self.held + len(chunk) > self.limits.max_held_bytes:
                raise _RefusedError(OverloadedError("All bodies together are too large"), "memory")
            self.held += len(chunk)
            exchange.held += len(chunk)
            chunks.append(chunk)
        return b"".join(chunks)

    async def _skip_rest(self, exchange: Exchange) -> None:
        if self.skipping < MOST_SKIPPING:
            self.skipping += 1
            try:
                await exchange.skip(REST_BODIES * self.limits.max_body_bytes)
            finally:
                self.skipping -= 1

    def _too_large(self) -> Exception:
        problem = f"The body may have {self.limits.max_body_bytes} bytes"
        return _RefusedError(HTTPException(413, problem), "large_body")

    async def _refuse(
        self, refused: "_RefusedError", scope: Scope, receive: Receive, send: Send
    ) -> None:
        self.service.observe("rejected", label=refused.reason)
        answer = await render(Request(scope), refused.answer)
        if refused.reason != "overload":
            answer.headers["Connection"] = "close"  # the rest of the body is not waited for
        await answer(scope, receive, send)


class _RefusedError(Exception):
    def __init__(self, answer: Exception, reason: str) -> None:
        self.answer = answer
        self.reason = reason
