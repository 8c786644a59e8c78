"""Metrics for Prometheus, at `/metrics`, for one or several workers."""

import os
import time
from functools import cache

from fastapi import FastAPI, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from ...config.settings import Settings
from ..dependencies import RequestState, state_of
from .observer import SECONDS, InferenceMetrics
from .processes import ProcessesCollector, workers
from .worker_files import IS_SHARED, check_folder

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def middleware(app: FastAPI, settings: Settings) -> list[Middleware]:
    """Collect metrics of the inference services, serve them, and time requests.

    Raises:
        ConfigError: The environment names a folder for shared metrics that cannot be used.
    """
    check_folder()
    app.state.metrics = registry = CollectorRegistry()  # for metrics of other modules
    metrics = InferenceMetrics(registry, settings.environment)
    if not IS_SHARED:
        registry.register(ProcessesCollector(lambda: [os.getpid()]))
    for model in state_of(app).models.values():
        model.each_version(metrics.observe)
    _serve(app, registry)
    return [Middleware(MetricsMiddleware, registry=registry)]


def _serve(app: FastAPI, registry: CollectorRegistry) -> None:
    def metrics() -> Response:
        """Return the metrics, from a thread: with several workers, files are read."""
        return Response(_show(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app.add_api_route("/metrics", metrics, include_in_schema=False)


class MetricsMiddleware:
    """Time every request, by route and status."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        self.app = app
        seconds = Histogram(
            "http_request_duration_seconds",
            "Time from the headers of a request to the end of its response",
            ["method", "route", "status"],
            buckets=SECONDS,
            registry=registry,
        )
        self.seconds = cache(seconds.labels)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request; other connections pass."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        try:
            await self.app(scope, receive, send)
        finally:
            self._count(scope, time.perf_counter() - started)

    def _count(self, scope: Scope, seconds: float) -> None:
        # Labels from the app, never from the request: its values are unbounded.
        route = getattr(scope.get("route"), "path", "")
        method = scope["method"] if scope["method"] in METHODS else "other"
        state: RequestState = scope["state"]
        self.seconds(method, route, state.get("status", 0)).observe(seconds)


def _show(registry: CollectorRegistry) -> bytes:
    if IS_SHARED:
        shared = CollectorRegistry()
        MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
        shared.register(ProcessesCollector(workers))
        return generate_latest(shared)
    return generate_latest(registry)
