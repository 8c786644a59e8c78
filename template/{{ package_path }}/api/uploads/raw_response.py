"""Responses that are the prediction itself, with its media type, in place of JSON."""

from typing import Any

from fastapi import FastAPI, Response
from pydantic import TypeAdapter
from starlette.datastructures import Headers
from starlette.routing import Match
from starlette.types import Scope

from ...services.inference_service import InferenceService
from ..dependencies import raw_model_headers
from ..json_body.json_route import JsonRoute
from ..predict import ResponseWriter, predict_endpoint
from ..schemas import prediction_schemas
from .media_types import prefers

# A page of someone else may send a form to the service; the response must not run scripts there.
INERT = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}


class RawWriter(ResponseWriter):
    """Write predictions that are bytes as responses."""

    def __init__(self, service: InferenceService, media_type: str) -> None:
        super().__init__(service)
        self.media_type = media_type
        headers = {"Content-Type": media_type, "Vary": "Accept", **INERT}
        self._headers = Headers(headers).raw  # encoded once, not for each response

    def is_preferred(self, accept: str) -> bool:
        """Return whether an `Accept` header prefers bytes to JSON."""
        return prefers(accept, self.media_type)

    def one(self, prediction: Any, service: InferenceService) -> Response:
        """Return the response with a prediction of a service."""
        response = Response(prediction)
        response.raw_headers += self._headers + raw_model_headers(service.name, service.version)
        return response


class RawResponseRoute(JsonRoute):
    """A route for JSON bodies of clients that prefer bytes; others go to the next route."""

    writer: RawWriter

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fast = None  # the middleware would call it whatever the client prefers

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return whether a request is for this route; without one, it may be."""
        match, child_scope = super().matches(scope)
        if match == Match.FULL and ("state" not in scope or self._is_preferred(scope)):
            return match, child_scope
        return Match.NONE, {}

    def _is_preferred(self, scope: Scope) -> bool:
        return self.writer.is_preferred(accept_of(scope))


def add_raw_responses(
    app: FastAPI, service: InferenceService, path: str, media_type: str, index: int
) -> None:
    """Add the route of a path for clients that prefer bytes, at an index of the routes."""
    schema = prediction_schemas(service.signature, service.example)[0]
    is_text = TypeAdapter(service.signature.input).json_schema().get("type") == "string"
    writer = RawWriter(service, media_type)
    endpoint = predict_endpoint(service, writer, schema, is_text=is_text)
    route = RawResponseRoute(path, endpoint, methods=["POST"], include_in_schema=False)
    route.writer = writer
    app.router.routes.insert(index, route)


def accept_of(scope: Scope) -> str:
    """Return the `Accept` header of a request; several are one list."""
    return ",".join(Headers(scope=scope).getlist("accept"))
