"""A route whose endpoint takes the request as it is, and does all the rest."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.types import Scope


class RequestRoute(APIRoute):
    """Goes past FastAPI's parsing; with a dependency (authentication, say) it does not."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        self.fast = None if self.dependant.dependencies else self._answer
        """Answers a request whose body is read; `hardening` takes a short way to it."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        """Give the endpoint, or FastAPI's handler where there are dependencies."""
        handle: Callable[[Request], Awaitable[Response]] = self.endpoint
        if self.dependant.dependencies:
            handle = super().get_route_handler()

        async def handle_request(request: Request) -> Response:
            if failure := request.scope["state"].get("failure"):
                raise failure  # of the short way; its answer is made where all are
            return await handle(request)

        return handle_request

    def _answer(self, scope: Scope) -> Awaitable[Response]:
        response: Awaitable[Response] = self.endpoint(Request(scope))
        return response
