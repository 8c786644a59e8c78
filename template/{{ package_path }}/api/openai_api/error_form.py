"""Errors in the form of OpenAI: `{"error": {"message": …, "type": …, "param": …, "code": …}}`."""

from http.client import responses as PHRASES  # noqa: N812  (a constant)
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from ...config.settings import Settings
from ..dependencies import state_of
from ..schemas import Problem
from .schemas import Error, Failure

PREFIX = "/v1/"
NO_ROUTE = PHRASES[404]  # the message of the router
CODES = {404: "model_not_found", 413: "request_too_large", 504: "timeout"}
BODY = "body."


def install(app: FastAPI, _: Settings) -> None:
    """Render errors below `/v1` in the form of OpenAI."""
    state_of(app).error_forms[PREFIX] = failure_response


def failure_response(_: Request, problem: Problem) -> JSONResponse:
    """Return the response for an error; invalid input is 400 there, not 422."""
    status = 400 if problem.status == 422 else problem.status
    return JSONResponse(to_failure(problem).model_dump(), status)


def to_failure(problem: Problem) -> Failure:
    """Return an error in the form of OpenAI."""
    found = (problem.errors or [{}])[0]
    param = found.get("loc", "").removeprefix(BODY) or None
    message = f"{param}: {found['msg']}" if param else found.get("msg", problem.detail)
    kind = "invalid_request_error" if problem.status < 500 else "server_error"
    code = None if message == NO_ROUTE else CODES.get(problem.status)
    return Failure(error=Error(message=message, type=kind, param=param, code=code))


def failures(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the error responses of a route, for OpenAPI."""
    content = {"application/json": {"schema": Failure.model_json_schema()}}
    return {code: {"description": PHRASES[code], "content": content} for code in statuses}
