"""Routes of models, whose endpoints receive the raw request: JSON, or tensors in binary form."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.routing import APIRoute
from starlette.types import Scope

from ...services.inference_service import InferenceService
from ..dependencies import RequestState, state_of
from ..json_body.media_type import is_json, media_type
from ..request_cost import JSON_LENGTH
from .failures import failures

BINARY = b"application/octet-stream"
TAG = "Open Inference Protocol"


def protocol_paths(app: FastAPI) -> Iterator[tuple[str, InferenceService]]:
    """Yield the path of each model and of each version of it, with its service."""
    for name, service in state_of(app).models.items():
        yield f"/v2/models/{name}", service
        for version, of_version in service.versions.items():
            yield f"/v2/models/{name}/versions/{version}", of_version


def add_model_route(
    app: FastAPI,
    path: str,
    endpoint: Callable[..., Any],
    responses: Mapping[int | str, dict[str, Any]] = {},
    **options: Any,
) -> None:
    """Add a route of a model that receives the raw request."""
    app.router.add_api_route(
        f"{path}/{endpoint.__name__}",
        endpoint,
        methods=["POST"],
        tags=[TAG],
        responses={**responses, **failures(400, 408, 413, 415, 500, 503, 504)},
        route_class_override=RequestRoute,
        **options,
    )


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
