"""The short way to a route: from the last middleware to the route, past router and parser."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Host, Match
from starlette.types import ASGIApp, Receive, Scope, Send

from ..config.settings import Settings
from .fast_route import FastRoute


def install(app: FastAPI, _: Settings) -> None:
    """Make routes that are added to the app itself `FastRoute`s, and shorten the way to them."""
    app.router.route_class = FastRoute
    # Last in the list is innermost: every middleware, whoever adds it, stays before it.
    app.user_middleware.append(Middleware(FastPathMiddleware, service=app))


class FastPathMiddleware:
    """Serves what a route can answer from the scope, where the body is already; all else goes on.

    Such a route has a function `fast`, which gives no response to a request that needs more.
    """

    def __init__(self, app: ASGIApp, service: FastAPI) -> None:
        self.app = app
        self.service = service
        self.routes: dict[tuple[str, str], APIRoute] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request; `scope["state"]["body"]` is its body where that has been read."""
        route = self._find(scope) if "body" in scope.get("state", ()) else None
        response = None
        if route is not None:
            scope["route"] = route
            try:
                response = await route.fast(scope)
            except Exception as exc:  # noqa: BLE001  (the route raises it again)
                scope["state"]["failure"] = exc
        await (response or self.app)(scope, receive, send)

    def _find(self, scope: Scope) -> Any:
        if self.routes is None:  # the first request: all routes are there
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
        """Give the routes for a request, in order; those of a host may be, whatever the path."""
        scope = {"type": "http", "method": method, "path": path, "root_path": "", "headers": ()}
        for route in self.service.routes:
            if isinstance(route, Host) or route.matches({**scope})[0] == Match.FULL:
                yield route
