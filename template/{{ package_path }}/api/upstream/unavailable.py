"""Responses to errors of an upstream: what the service waits for, and when to try again."""

from math import ceil
from typing import Any

from fastapi import FastAPI, Request, Response

from ...config.settings import Settings
from ...core.errors import ModelNotReadyError
from ...models.openai_backend import OpenAIBase
from ...models.openai_backend.errors import UpstreamError, UpstreamUnavailableError
from ..dependencies import state_of
from ..errors import STATUS, render

BAD_GATEWAY = 502


def install(app: FastAPI, _: Settings) -> None:
    """Complete the responses to errors of an upstream."""
    statuses: dict[Any, int] = STATUS
    statuses[UpstreamError] = BAD_GATEWAY
    app.add_exception_handler(ModelNotReadyError, render_waiting)
    app.add_exception_handler(UpstreamUnavailableError, render_unavailable)


async def render_waiting(request: Request, exc: Exception) -> Response:
    """Name the upstream that the service waits for since its start."""
    services = state_of(request.app).models.values()
    models = [version.runner.model for service in services for version in service.versions.values()]
    urls = {each.options.base_url for each in models if isinstance(each, OpenAIBase) and each.waits}
    waits = f"{exc}: it waits for {', '.join(sorted(urls))}"
    return await render(request, ModelNotReadyError(waits) if urls else exc)


async def render_unavailable(request: Request, exc: Exception) -> Response:
    """Return the error, with the seconds until the upstream gets requests again."""
    response = await render(request, exc)
    response.headers["Retry-After"] = str(ceil(getattr(exc, "retry_after_s", 1)))
    return response
