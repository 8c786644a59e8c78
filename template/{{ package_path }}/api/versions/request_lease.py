"""Let each request use one version of a model, until its response is sent."""

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from ...config.settings import Settings
from ...services.versions.leases import Lease, current_lease
from ..dependencies import RequestState


def middleware(_: FastAPI, __: Settings) -> list[Middleware]:
    """Return the middleware that keeps the choice of a version."""
    return [Middleware(LeaseMiddleware)]


class LeaseMiddleware:
    """Begin and end the lease of a request."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request; other connections pass."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state: RequestState = scope["state"]
        lease = Lease(state["headers"])
        current_lease.set(lease)  # the server runs each request in a context of its own
        try:
            await self.app(scope, receive, send)
        finally:
            lease.end()
