"""A route whose endpoint receives the raw request: JSON, or tensors in binary form after it."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.routing import APIRoute
from starlette.types import Scope

from ..dependencies import RequestState
from ..json_body.media_type import is_json, media_type
from ..request_cost import JSON_LENGTH

BINARY = b"application/octet-stream"


class RequestRoute(APIRoute):
    """Skip FastAPI's parsing, unless the route has a dependency such as authentication."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        self.fast = None if self.dependant.dependencies else self._respond
        """Handler of the fast path that `hardening` adds."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        """Return the endpoint, or FastAPI's handler if there are dependencies."""
        handle: Callable[[Request], Awaitable[Response]] = self.endpoint
        if self.dependant.dependencies:
            handle = super().get_route_handler()

        async def handle_request(request: Request) -> Response:
            state: RequestState = request.scope["state"]
            if failure := state.get("failure"):
                raise failure  # of the fast path, for the exception handlers
            check_media_type(request.scope)
            return await handle(request)

        return handle_request

    def _respond(self, scope: Scope) -> Awaitable[Response]:
        check_media_type(scope)
        response: Awaitable[Response] = self.endpoint(Request(scope))
        return response


def check_media_type(scope: Scope) -> None:
    """Check that a request cannot come from a web page of another origin without CORS.

    A browser sends a CORS preflight before it sends JSON or a header of the protocol.
    Clients of the protocol may leave the type out; they send no `Origin`.

    Raises:
        HTTPException: The body is of another type.
    """
    state: RequestState = scope["state"]
    headers = state["headers"]
    kind = media_type(scope)
    if is_json(kind) or (JSON_LENGTH in headers and kind in {b"", BINARY}):
        return
    if kind or b"origin" in headers:
        raise HTTPException(415, "The body must be application/json, or tensors in binary form")
