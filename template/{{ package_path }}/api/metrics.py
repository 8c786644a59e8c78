"""Metrics for Prometheus, at `/metrics`; right with several workers too."""

import os
import time
from collections.abc import Callable
from functools import cache

from fastapi import FastAPI, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.types import ASGIApp, Receive, Scope, Send

from ..config.settings import Settings
from ..services.inference_service import InferenceService

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
# Whether workers put their numbers together in a folder; the client looks once, as it is imported.
IS_SHARED = "PROMETHEUS_MULTIPROC_DIR" in os.environ


def install(app: FastAPI, settings: Settings) -> None:
    """Count requests and what the inference service tells of, and show it."""
    registry = CollectorRegistry()
    service: InferenceService = app.state.inference_service
    service.observers.append(PrometheusObserver(registry))
    labels = {"model": service.name, "version": service.version}
    info = Gauge(
        "model_info",
        "What is served",
        [*labels, "environment"],
        registry=registry,
        multiprocess_mode="livemax",
    )
    info.labels(**labels, environment=settings.environment).set(1)
    app.add_middleware(MetricsMiddleware, registry=registry)

    @app.get("/metrics", include_in_schema=False)
    def metrics() -> Response:
        """Show the metrics, from a thread: with several workers, files are read."""
        return Response(_show(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


class MetricsMiddleware:
    """Times every request, by route and status."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        self.app = app
        seconds = Histogram(
            "http_request_duration_seconds",
            "Time from the headers of a request to the end of its answer",
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
        # Labels of what is there, never of what was asked for: that has no bound.
        route = getattr(scope.get("route"), "path", "")
        method = scope["method"] if scope["method"] in METHODS else "other"
        self.seconds(method, route, scope["state"].get("status", 0)).observe(seconds)


class PrometheusObserver:
    """Turns what the inference service tells of into metrics."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str, label: str) -> Callable[[float, str], object]:
            metric = cache(Counter(name, text, [label], registry=registry).labels)
            return lambda value, kind: metric(kind).inc(value)

        def histogram(
            name: str, text: str, buckets: tuple[float, ...]
        ) -> Callable[[float, str], object]:
            metric = Histogram(name, text, buckets=buckets, registry=registry)
            return lambda value, _: metric.observe(value)

        waiting = Gauge(
            "requests_waiting",
            "Requests that wait for the model",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._metrics: dict[str, Callable[[float, str], object]] = {
            "inference": histogram("inference_duration_seconds", "Time of a prediction", SECONDS),
            "batch_size": histogram("inference_batch_size", "Inputs in one call", SIZES),
            "batch_wait": histogram(
                "inference_batch_wait_seconds", "Longest wait in a batch", SECONDS
            ),
            "cache": counter("inference_cache", "Predictions asked of the cache", "result"),
            "error": counter("inference_errors", "Predictions that failed", "error"),
            "rejected": counter("requests_rejected", "Requests not served", "reason"),
            "dropped": counter("log_lines_dropped", "Lines nobody read in time", "stream"),
            "waiting": lambda value, _: waiting.inc(value),
        }

    def __call__(self, event: str, value: float, label: str) -> None:
        """Count an event, where there is a metric for it."""
        if metric := self._metrics.get(event):
            metric(value, label)


def _show(registry: CollectorRegistry) -> bytes:
    if IS_SHARED:
        shared = CollectorRegistry()
        MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
        return generate_latest(shared)
    return generate_latest(registry)
