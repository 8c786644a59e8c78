"""Render errors as responses: `application/problem+json` (RFC 9457), except below `/v2`."""

import logging
from http.client import responses as PHRASES  # noqa: N812  (a constant)
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from ..config.settings import Settings
from ..core.errors import (
    InvalidInputError,
    ModelNotReadyError,
    OverloadedError,
    PredictionTimeoutError,
    ServiceError,
    TransientModelError,
    UnknownModelError,
)
from .dependencies import state_of
from .schemas import Problem

logger = logging.getLogger(__name__)

STATUS = {
    InvalidInputError: 422,
    ModelNotReadyError: 503,
    OverloadedError: 503,
    PredictionTimeoutError: 504,
    TransientModelError: 503,
    UnknownModelError: 404,
}
MAX_ERRORS, MAX_TEXT = 5, 200  # keep the response to a bad request small


def install(app: FastAPI, _: Settings) -> None:
    """Render every error of the app in one form."""
    for kind in (HTTPException, RequestValidationError, ServiceError):
        app.add_exception_handler(kind, render)


async def render(request: Request, exc: Exception) -> Response:
    """Return the response to a failed request; its request id is in the log too."""
    problem = describe(exc)
    problem.request_id = request.state.request_id
    forms = state_of(request.app).error_forms.items()
    path = request.scope["path"].removeprefix(request.scope.get("root_path", "")) + "/"
    form = next((form for prefix, form in forms if path.startswith(prefix)), _problem_response)
    response = form(request, problem)
    if response.status_code < 500:
        logger.info("Rejected %s %s: %s", request.method, request.url.path, response.status_code)
    more = {"Retry-After": "1"} if problem.status == 503 else getattr(exc, "headers", None)
    response.headers.update(more or {})
    return response


def _problem_response(_: Request, problem: Problem) -> Response:
    content = problem.model_dump()
    return JSONResponse(content, problem.status, media_type="application/problem+json")


def describe(exc: Exception) -> Problem:
    """Describe an error to a client, without internals of the service."""
    if isinstance(exc, RequestValidationError):
        # Location and message, never the value: it may be huge, secret or not even JSON.
        errors = [
            {"loc": ".".join(map(str, e["loc"]))[:MAX_TEXT], "msg": e["msg"][:MAX_TEXT]}
            for e in exc.errors()[:MAX_ERRORS]
        ]
        return _problem(422, "The request is not valid", errors=errors)
    if isinstance(exc, HTTPException):
        return _problem(exc.status_code, str(exc.detail))
    status = next((code for kind, code in STATUS.items() if isinstance(exc, kind)), 500)
    return _problem(status, str(exc) if isinstance(exc, ServiceError) else "The service failed")


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the error responses of a route, for OpenAPI."""
    content = {"application/problem+json": {"schema": Problem.model_json_schema()}}
    return {code: {"description": PHRASES[code], "content": content} for code in statuses}


def _problem(status: int, detail: str, **more: Any) -> Problem:
    title = PHRASES.get(status, "Error")
    return Problem(title=title, status=status, detail=detail[:MAX_TEXT], **more)
