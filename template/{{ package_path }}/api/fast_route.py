"""A route that takes one JSON body, and validates its bytes at once.

FastAPI's handler serves every kind of route: it parses the body, solves dependencies, validates and
serializes, each by itself. A route that needs none of it is a `FastRoute`: still one of FastAPI, in
OpenAPI and the docs. A request that asks for more than its body (a query, another media type) goes
to FastAPI's handler, and so does each request of a route with a dependency: authentication, say.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import fields
from functools import lru_cache
from inspect import iscoroutinefunction, signature
from types import NoneType
from typing import Any, get_args

from fastapi import HTTPException, Request, Response
from fastapi.params import Body
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.types import Scope

from .errors import responses
from .validation import BodyValidator

Handler = Callable[[Scope], Awaitable[Response | None]]


class FastRoute(APIRoute):
    """A route whose JSON bodies are validated as bytes, where that is all it needs."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        if {"POST", "PUT", "PATCH"} & set(options.get("methods") or ()):
            documented = options.get("responses") or {}
            options["responses"] = {**responses(400, 408, 413, 415), **documented}
        super().__init__(path, endpoint, **options)
        schema = _only_schema(self.dependant.body_params)
        self.validate = BodyValidator(schema) if schema else None
        """Validates the bytes of a body; None where that is not all of it."""
        self.fast = self._create_handler()
        """Answers a request from its scope, if the body is all it needs; None where it never is."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        """Give FastAPI's handler, behind a check of the media type."""
        handle = super().get_route_handler()

        async def handle_json(request: Request) -> Response:
            if failure := request.scope["state"].get("failure"):
                raise failure  # of the short way; its answer is made where all are
            body = await request.body() if self.validate else b""
            if body and not is_json(request.scope):
                raise HTTPException(415, "The body must be application/json")
            if self.validate and body:
                self.validate(body)  # FastAPI would list each of a megabyte of mistakes
            return await handle(request)

        return handle_json

    def _create_handler(self) -> Handler | None:
        needs, endpoint = self.dependant, self.endpoint
        more = [needs.dependencies, needs.path_params, needs.header_params, needs.cookie_params]
        more += [getattr(needs, f.name) for f in fields(needs) if f.name.endswith("_param_name")]
        more += [field for field in needs.query_params if field.field_info.is_required()]
        returns_response = signature(endpoint).return_annotation is Response
        validate = self.validate
        if any(more) or not validate or not returns_response or not iscoroutinefunction(endpoint):
            return None
        name = needs.body_params[0].name

        async def handle(scope: Scope) -> Response | None:
            content = scope["state"]["body"]
            if not content or scope["query_string"] or not is_json(scope):
                return None
            response: Response = await endpoint(**{name: validate(content)})
            return response

        return handle


def _only_schema(body_params: Sequence[Any]) -> type[BaseModel] | None:
    """Give the class of a body, which may be optional, where it is JSON and nothing else."""
    if any(type(field.field_info) is not Body or field.field_info.embed for field in body_params):
        return None
    kinds = [field.field_info.annotation for field in body_params]
    parts = [part for kind in kinds for part in (kind, *get_args(kind)) if part is not NoneType]
    classes = [part for part in parts if isinstance(part, type) and issubclass(part, BaseModel)]
    return classes[0] if len(kinds) == len(classes) == 1 else None


def is_json(scope: Scope) -> bool:
    """Tell whether the body of a request is JSON, as FastAPI does."""
    return _is_json(scope["state"]["headers"].get(b"content-type", b""))


@lru_cache(maxsize=64)
def _is_json(content_type: bytes) -> bool:
    kind = content_type.partition(b";")[0].strip().lower()
    return kind == b"application/json" or (
        kind.startswith(b"application/") and kind.endswith(b"+json")
    )
