"""Errors in the form of the Open Inference Protocol: `{"error": "message"}`."""

from http.client import responses as PHRASES  # noqa: N812  (a constant)
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from ...config.settings import Settings
from ..dependencies import state_of
from ..schemas import Problem
from .schemas import Failure

PREFIX = "/v2/"
NO_ROUTE = PHRASES[404]  # the message of the router


def install(app: FastAPI, _: Settings) -> None:
    """Render errors below `/v2` in the form of the protocol."""
    state_of(app).error_forms[PREFIX] = failure_response


def failure_response(request: Request, problem: Problem) -> JSONResponse:
    """Return the response for an error; invalid input is 400 in the protocol, not 422."""
    message, status = problem.detail, problem.status
    if status == 404 and message == NO_ROUTE:
        models = state_of(request.app).models.values()
        served = [f"{model.name}, version {' or '.join(model.versions)}" for model in models]
        message = f"Not found; this service has model {' and '.join(served)}"
    failure = Failure(error=message).model_dump()
    return JSONResponse(failure, 400 if status == 422 else status)


def failures(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the error responses of a route, for OpenAPI."""
    content = {"application/json": {"schema": Failure.model_json_schema()}}
    return {code: {"description": PHRASES[code], "content": content} for code in statuses}
