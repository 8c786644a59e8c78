"""Metrics of the upstreams of models."""

from functools import partial

from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Counter, Gauge

from ...config.settings import Settings
from ...models.openai_backend import OpenAIBase
from ...models.openai_backend.observer import UpstreamObserver
from ...services.inference_service import InferenceService
from ..dependencies import state_of


def install(app: FastAPI, _: Settings) -> None:
    """Count tokens and show the state of the breaker, for each model with an upstream."""
    registry: CollectorRegistry = app.state.metrics
    tokens = Counter("upstream_tokens", "Tokens", ["model", "kind"], registry=registry)
    breaker = Gauge(
        "upstream_breaker_open",
        "Whether requests to the upstream are rejected",
        ["model"],
        registry=registry,
        multiprocess_mode="livemax",
    )
    for service in state_of(app).models.values():
        service.each_version(partial(_observe, tokens, breaker))


def _observe(tokens: Counter, breaker: Gauge, service: InferenceService) -> None:
    if isinstance(service.runner.model, OpenAIBase):
        service.runner.model.observer = _PrometheusObserver(tokens, breaker, service.name)


class _PrometheusObserver(UpstreamObserver):
    """Turn events of the upstream of one model into metrics."""

    def __init__(self, tokens: Counter, breaker: Gauge, model: str) -> None:
        self._tokens = {kind: tokens.labels(model, kind) for kind in ("prompt", "completion")}
        self._breaker = breaker.labels(model)

    def on_tokens(self, kind: str, tokens: int) -> None:
        """Count the tokens of a request, `prompt`, or of its result, `completion`."""
        self._tokens[kind].inc(tokens)

    def on_breaker(self, *, is_open: bool) -> None:
        """Record that the breaker opens or closes."""
        self._breaker.set(is_open)
