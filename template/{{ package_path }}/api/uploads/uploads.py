"""Predictions for bodies that are the input, or a form with it, in place of JSON."""

import asyncio
import time
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import QueryParams
from starlette.routing import Match
from starlette.types import Scope

from ...config.settings import Settings
from ...core.errors import InvalidInputError
from ...services.inference_service import InferenceService
from ...utils.large_bodies import yield_to_event_loop
from ..dependencies import RequestState
from ..json_body.media_type import is_json, media_type
from ..predict import ResponseWriter
from .documents import document
from .form import read_file
from .media_types import FORM, JSON, DeclaredTypes, declared_types, matches
from .raw_response import RawWriter, accept_of, add_raw_responses


def add_routes(app: FastAPI, _: Settings, service: InferenceService, prefix: str) -> None:
    """Let the route of a model take and return bytes, if the model does.

    Raises:
        ConfigError: The model declares a media type that cannot be served.
    """
    path = f"{prefix}/predict"
    types = declared_types(service.runner.model)
    routes = app.router.routes
    index = next(i for i, route in enumerate(routes) if getattr(route, "path", "") == path)
    document(routes[index], types)
    if types.output:
        add_raw_responses(app, service, path, types.output, index)
    if types.inputs:
        upload = UploadEndpoint(service, types).upload
        route = UploadRoute(path, upload, methods=["POST"], include_in_schema=False)
        route.types = types.inputs
        routes.insert(index, route)


class UploadRoute(APIRoute):
    """A route for bodies that are not JSON; those that are go to the next route of its path."""

    types: tuple[str, ...]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return whether a request is for this route."""
        match, child_scope = super().matches(scope)
        is_upload = match == Match.FULL and self._takes(scope)
        return (match, child_scope) if is_upload else (Match.NONE, {})

    def _takes(self, scope: Scope) -> bool:
        state: RequestState = scope.get("state", {})
        if "headers" not in state:
            return False  # the fast path looks for the route of JSON
        kind = media_type(scope)
        if state.get("body") == b"" and scope["query_string"]:
            return False
        declares = kind == FORM.encode() or matches(kind.decode("latin-1"), self.types)
        return not is_json(kind) and (declares or state.get("body") != b"")


class UploadEndpoint:
    """Read bytes, predict, and write JSON, or bytes if the client prefers them."""

    def __init__(self, service: InferenceService, types: DeclaredTypes) -> None:
        self.service, self.types = service, types
        self.read = TypeAdapter[Any](service.signature.input).validate_python
        self.writer = ResponseWriter(service)
        self.raw = RawWriter(service, types.output) if types.output else None

    async def upload(self, request: Request) -> Response:
        """Predict for a body, or for the file of a form."""
        if "input" in QueryParams(request.scope["query_string"]):
            raise InvalidInputError("Send exactly one input: a body or ?input=…")
        value = self._validated(await self._content(request.scope))
        started, chosen = time.perf_counter(), self.service.pick()
        prediction = await chosen.predict(value)
        await yield_to_event_loop(started)
        if self.raw and self.raw.is_preferred(accept_of(request.scope)):
            return self.raw.one(prediction, chosen)
        return self.writer.one(prediction, chosen)

    async def _content(self, scope: Scope) -> bytes:
        state: RequestState = scope["state"]
        if "body" not in state:
            raise HTTPException(415, "Content-Encoding is not supported: send the body as it is")
        content, kind = state["body"], media_type(scope).decode("latin-1")
        allowed = [*self.types.inputs]
        if kind == FORM:
            # The parser needs milliseconds for a large file, so other requests go first.
            await asyncio.sleep(0)
            content, kind = read_file(content, state["headers"][b"content-type"])
            what, is_allowed = "file", not kind or matches(kind, allowed)
        else:
            what, is_allowed = "body", matches(kind, allowed)
            allowed += [FORM, JSON]
        if not is_allowed:
            either = " or ".join([", ".join(allowed[:-1]), allowed[-1]] if allowed[1:] else allowed)
            headers = {"Accept": ", ".join([*self.types.inputs, FORM, JSON])}
            raise HTTPException(415, f"The {what} must be {either}", headers)
        return content

    def _validated(self, content: bytes) -> Any:
        try:
            return self.read(content, strict=True)
        except ValidationError as exc:
            errors = exc.errors(include_url=False, include_context=False, include_input=False)
            located = [{**error, "loc": ("body", *error["loc"])} for error in errors]
            raise RequestValidationError(located) from exc
