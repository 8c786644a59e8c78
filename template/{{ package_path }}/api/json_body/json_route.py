"""A route that takes one JSON body and validates its bytes in one step.

FastAPI's handler serves every kind of route: it parses the body, solves dependencies, validates and
serializes, in separate steps. A `JsonRoute` skips them where it can; it is still in OpenAPI and the
docs. A request with more than a JSON body (a query, another media type) goes to FastAPI's handler,
and so does every request to a route with a dependency such as authentication, or in a router that
is included.

Routes of yours are FastAPI's, unless they are added with `route_class_override=JsonRoute`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import fields
from inspect import iscoroutinefunction, signature
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from fastapi import HTTPException, Request, Response
from fastapi.params import Body
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.types import Receive, Scope, Send

from ...utils.large_bodies import LARGE
from ..dependencies import RequestState
from .body_validator import BodyValidator
from .media_type import is_json, media_type

Handler = Callable[[Scope], Awaitable[Response | None]]


class JsonRoute(APIRoute):
    """A route that validates the bytes of a JSON body, if it needs nothing else."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        schema = None if self._needs_more() else _only_schema(self.dependant.body_params)
        self.validate = BodyValidator(schema) if schema else None
        """Validates the bytes of a body; None if FastAPI's handler does it."""
        self.fast = self._create_handler(self.validate) if self.validate else None
        """Handler of the fast path; None if the route always needs FastAPI's handler."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond on the fast path, or with FastAPI's handler."""
        state: RequestState = scope["state"]
        if failure := state.get("failure"):
            raise failure  # of the middleware `fast_path`, for the exception handlers
        response = await self.fast(scope) if self.fast and self._is_called_alone(scope) else None
        await (response or super().handle)(scope, receive, send)

    def _is_called_alone(self, scope: Scope) -> bool:
        """Return whether nothing but this route is between a request and the endpoint."""
        if "body" not in scope["state"] or scope["method"] not in (self.methods or ()):
            return False
        # A router may be included with dependencies, which the route itself does not know.
        return any(route is self for route in scope["app"].routes)

    def get_route_handler(self) -> Callable[[Request], Any]:
        """Return FastAPI's handler, with a body that is already validated."""
        handle = super().get_route_handler()

        async def handle_json(request: Request) -> Response:
            body = await request.body() if self.validate else b""
            if body and not is_json(media_type(request.scope)):
                raise HTTPException(415, "The body must be application/json")
            if self.validate and body:
                # FastAPI would parse the body again, and list every error in it.
                request._json = self.validate(body)  # noqa: SLF001
                if len(body) > LARGE:
                    await asyncio.sleep(0)
            return await handle(request)

        return handle_json

    def _needs_more(self) -> bool:
        """Return whether the endpoint needs FastAPI's handler: more than a body, or its limits."""
        needs, endpoint = self.dependant, self.endpoint
        more = [needs.dependencies, needs.path_params, needs.header_params, needs.cookie_params]
        more += [getattr(needs, f.name) for f in fields(needs) if f.name.endswith("_param_name")]
        more += [field for field in needs.query_params if field.field_info.is_required()]
        returns_response = signature(endpoint).return_annotation is Response
        is_limited = self.max_body_size is not None
        return any(more) or is_limited or not returns_response or not iscoroutinefunction(endpoint)

    def _create_handler(self, validate: BodyValidator) -> Handler:
        name, endpoint = self.dependant.body_params[0].name, self.endpoint

        async def handle(scope: Scope) -> Response | None:
            state: RequestState = scope["state"]
            content = state["body"]
            if not content or scope["query_string"] or not is_json(media_type(scope)):
                return None
            body = validate(content)
            if len(content) > LARGE:
                await asyncio.sleep(0)  # handle large bodies in steps, between other requests
            response: Response = await endpoint(**{name: body})
            return response

        return handle


def _only_schema(body_params: Sequence[Any]) -> type[BaseModel] | None:
    """Return the class of a JSON body, which may be optional; None for any other body."""
    info: Any = body_params[0].field_info if len(body_params) == 1 else None
    if type(info) is not Body or info.embed or info.metadata:
        return None
    kinds = {*get_args(info.annotation)} - {NoneType} or {info.annotation}
    if get_origin(info.annotation) not in {None, Union, UnionType} or len(kinds) > 1:
        return None
    (kind,) = kinds
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None
