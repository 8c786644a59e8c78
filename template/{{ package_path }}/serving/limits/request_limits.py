"""Limit requests: size (`body_reader`), deadline, disconnect (`request_watch`), `admission`."""

import asyncio

from fastapi import FastAPI, HTTPException, Request, Response
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...api.content_encoding import describe_as_inflated
from ...api.dependencies import RequestState, state_of
from ...api.errors import render
from ...api.request_cost import BODILESS, CLIENT_DISCONNECTED
from ...config.settings import Settings
from ...core.errors import OverloadedError
from ...services.inference_service import InferenceService
from .admission import Gate, Slot
from .body_reader import BodyReader, RejectedError
from .request_watch import RequestWatch
from .slow_requests import SlowRequestTimer

REST_BODIES = 4  # of a rejected body, at most so many times the largest size is discarded
MOST_SKIPPING = 16  # requests at a time: their buffers are not part of the budget


def middleware(app: FastAPI, settings: Settings) -> list[Middleware]:
    """Return the middleware that limits requests."""
    state = state_of(app)
    waiting, patience_s = settings.hardening.max_waiting, settings.service.timeout
    gates = {
        name: Gate(service.runner.capacity, waiting, patience_s)
        for name, service in state.models.items()
    }
    gates = {"": gates[state.inference_service.name], **gates}
    service = state.inference_service
    return [Middleware(LimitsMiddleware, settings=settings, service=service, gates=gates)]


class LimitsMiddleware:
    """Read the body of a request, wait for a slot, and cancel when the client disconnects.

    `GET` and the like only read state, so they never wait for a slot. Each model has a gate, so
    that a slow one does not delay the others; that of the default model has no name.
    """

    def __init__(
        self, app: ASGIApp, settings: Settings, service: InferenceService, gates: dict[str, Gate]
    ) -> None:
        self.app = app
        self.limits = settings.hardening
        self.service = service
        self.gates, self.slow_requests = gates, SlowRequestTimer()
        self.has_several = len({*gates.values()}) > 1  # else no path needs to be read
        self.bodies = BodyReader(settings.hardening)
        self.skipping = 0  # rejected requests whose body is still read

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request; `scope["state"]["body"]` is its body from here on."""
        if scope["type"] != "http" or scope["method"] in BODILESS:
            await self.app(scope, receive, send)
            return
        timeout_s = self.limits.body_timeout_s
        state: RequestState = scope["state"]
        watch = RequestWatch(receive, state, timeout_s, self.slow_requests)
        try:
            state["slot"] = await self._admit(scope, watch)
            try:
                await self.app(scope, watch.replay(state["body"]), send)
            finally:
                state["slot"].release()
        except RejectedError as rejected:
            watch.end()
            await self._reject(rejected, watch, scope, send)
        except asyncio.CancelledError:
            if not watch.disconnected:
                raise
            self.service.observer.on_rejection("client_left")
            await Response(status_code=CLIENT_DISCONNECTED)(scope, receive, send)  # for metrics
        finally:
            watch.end()
            self.bodies.release(watch)

    def _gate_of(self, scope: Scope) -> Gate:
        """Return the gate of the model in a path: `/models/…` or `/v2/models/…`."""
        path: str = scope["path"].removeprefix(scope.get("root_path", ""))
        _, kind, name, *_ = [*path.removeprefix("/v2").split("/", 3), "", ""]
        return self.gates.get(name if kind == "models" else "", self.gates[""])

    async def _admit(self, scope: Scope, watch: RequestWatch) -> Slot:
        """Read the body, and wait for a slot."""
        state: RequestState = scope["state"]
        gate = self._gate_of(scope) if self.has_several else self.gates[""]
        try:
            gate.check()
            state["body"] = await self.bodies.read(scope, watch)
            if b"content-encoding" in state["headers"]:
                describe_as_inflated(scope)
            watch.body_is_read()
            await self._take_slot(gate)
        except asyncio.CancelledError:
            if not watch.late:
                raise
            limit_s = self.limits.body_timeout_s
            late = HTTPException(408, f"The body did not arrive within {limit_s:g} s")
            raise RejectedError(late, "slow_body") from None
        except OverloadedError as exc:
            raise RejectedError(exc, "overload") from exc
        return Slot(gate)

    async def _take_slot(self, gate: Gate) -> None:
        if gate.free:
            await gate.acquire()
            return
        self.service.observer.on_waiting(1)
        try:
            await gate.acquire()
        finally:
            self.service.observer.on_waiting(-1)

    async def _reject(
        self, rejected: RejectedError, watch: RequestWatch, scope: Scope, send: Send
    ) -> None:
        self.service.observer.on_rejection(rejected.reason)
        self.bodies.release(watch)
        response = await render(Request(scope), rejected.error)
        state: RequestState = scope["state"]
        waits = b"expect" in state["headers"]  # for `100 Continue`
        if rejected.reason != "overload" or waits:
            response.headers["Connection"] = "close"  # do not wait for the rest of the body
        skips = not (watch.complete or waits) and self.skipping < MOST_SKIPPING
        if rejected.reason not in {"large_body", "encoding"} or not skips:
            await response(scope, watch.receive, send)
            return

        async def send_all_but_the_end(message: Message) -> None:
            await send({**message, "more_body": True} if "body" in message else message)

        self.skipping += 1
        try:
            await response(scope, watch.receive, send_all_but_the_end)
            await watch.skip(REST_BODIES * self.limits.max_body_bytes)
        finally:
            self.skipping -= 1
        await send({"type": "http.response.body"})  # closes the connection
