"""The fast path: from the last middleware straight to the route, past router and parser."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Host, Match
from starlette.types import ASGIApp, Receive, Scope, Send

from ..api.dependencies import RequestState
from ..config.settings import Settings


def middleware(app: FastAPI, _: Settings) -> list[Middleware]:
    """Return the middleware that calls routes directly."""
    return [Middleware(FastPathMiddleware, service=app)]


class FastPathMiddleware:
    """Call a route directly if the body has been read; send all other requests to the router.

    Such a route, as `JsonRoute`, has a function `fast`, which returns None for a request that needs
    the router.
    """

    def __init__(self, app: ASGIApp, service: FastAPI) -> None:
        self.app = app
        self.service = service
        self.routes: dict[tuple[str, str], APIRoute] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request; `scope["state"]["body"]` is its body if that has been read."""
        state: RequestState = scope.get("state", {})
        route = self._find(scope) if "body" in state else None
        response = None
        if route is not None:
            scope["route"] = route
            try:
                response = await route.fast(scope)
            except Exception as exc:  # noqa: BLE001  (the route raises it again)
                state["failure"] = exc
        await (response or self.app)(scope, receive, send)

    def _find(self, scope: Scope) -> Any:
        if self.routes is None:  # first request: all routes have been added
            self.routes = dict(self._first_of_their_path())
        path = scope["path"].removeprefix(scope["root_path"])
        return self.routes.get((scope["method"], path))

    def _first_of_their_path(self) -> Iterator[tuple[tuple[str, str], APIRoute]]:
        routes = [route for route in self.service.routes if isinstance(route, APIRoute)]
        for route in [route for route in routes if getattr(route, "fast", None)]:
            for method in route.methods or ():
                if next(self._matching(method, route.path), None) is route:
                    yield (method, route.path), route

    def _matching(self, method: str, path: str) -> Iterator[BaseRoute]:
        """Return the routes that may match a request, in order; those of a host always may."""
        scope = {"type": "http", "method": method, "path": path, "root_path": "", "headers": ()}
        for route in self.service.routes:
            if isinstance(route, Host) or route.matches({**scope})[0] == Match.FULL:
                yield route
