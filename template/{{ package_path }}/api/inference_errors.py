"""Errors in the form of the Open Inference Protocol: `{"error": "what is wrong"}`."""

from http.client import responses as PHRASES  # noqa: N812  (a constant)
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from ..config.settings import Settings
from .inference_schemas import Failure
from .schemas import Problem

PREFIX = "/v2/"


def install(app: FastAPI, _: Settings) -> None:
    """Answer errors below `/v2` as the protocol wants it."""
    app.state.error_forms[PREFIX] = answer_failure


def answer_failure(request: Request, problem: Problem) -> JSONResponse:
    """Answer with an error; to the protocol, what a client got wrong is a bad request."""
    message, status = problem.detail, problem.status
    if status == 404:
        service = request.app.state.inference_service
        message = f"Not found; this service has model {service.name}, version {service.version}"
    failure = Failure(error=message).model_dump()
    return JSONResponse(failure, 400 if status == 422 else status)


def failures(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Document the errors that a route may answer with, for OpenAPI."""
    return {code: {"description": PHRASES[code], "model": Failure} for code in statuses}
