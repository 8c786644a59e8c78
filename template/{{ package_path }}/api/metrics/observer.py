"""Metrics of the inference service."""

from functools import cache, partial
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from ...services.observer import Observer

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class PrometheusObserver(Observer):
    """Turn events into metrics."""

    def __init__(self, registry: CollectorRegistry, model: dict[str, str]) -> None:
        counter = partial(Counter, registry=registry)

        def histogram(name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
            metric = Histogram(name, text, [*model], buckets=buckets, registry=registry)
            return metric.labels(**model)

        self._seconds = histogram("inference_duration_seconds", "Time of a prediction", SECONDS)
        self._batch_size = histogram("inference_batch_size", "Inputs in one call", SIZES)
        text = "Longest wait in a batch"
        self._batch_wait = histogram("inference_batch_wait_seconds", text, SECONDS)
        lookups = counter("inference_cache", "Lookups in the cache", [*model, "result"])
        self._lookups = cache(lambda result: lookups.labels(**model, result=result))
        errors = counter("inference_errors", "Predictions that failed", [*model, "error"])
        self._errors = cache(lambda kind: errors.labels(**model, error=kind))
        text = "Further attempts after an error"
        self._retries = counter("inference_retries", text, [*model]).labels(**model)
        rejections = counter("requests_rejected", "Requests not served", ["reason"])
        self._rejections = cache(rejections.labels)
        text = "Log lines that were dropped"
        self._dropped = cache(counter("log_lines_dropped", text, ["stream"]).labels)
        options: dict[str, Any] = {"registry": registry, "multiprocess_mode": "livesum"}
        self._waiting = Gauge("requests_waiting", "Requests that wait for the model", **options)
        self._model, self._start = model, _start_up_times(registry, [*model])

    def on_load(self, times: dict[str, float]) -> None:
        """Record the seconds of the start: `load_s` and, if there is an example, `warm_up_s`."""
        for name, seconds in times.items():
            self._start[name].labels(**self._model).set(seconds)

    def on_prediction(self, seconds: float) -> None:
        """Count a prediction that succeeded, and its time."""
        self._seconds.observe(seconds)

    def on_error(self, kind: str) -> None:
        """Count a prediction that failed, by the class of the error."""
        self._errors(kind).inc()

    def on_retry(self) -> None:
        """Count a further attempt after an error."""
        self._retries.inc()

    def on_cache(self, result: str) -> None:
        """Count a lookup in the cache: `hit` or `miss`."""
        self._lookups(result).inc()

    def on_batch(self, size: int, seconds: float) -> None:
        """Count a batch, its inputs, and the longest wait of one of them."""
        self._batch_size.observe(size)
        self._batch_wait.observe(seconds)

    def on_waiting(self, change: int) -> None:
        """Count a request that begins (1) or stops (-1) to wait for the model."""
        self._waiting.inc(change)

    def on_rejection(self, reason: str) -> None:
        """Count a request or a connection that was not served, by reason."""
        self._rejections(reason).inc()

    def on_dropped_lines(self, lines: int) -> None:
        """Count log lines that could not be written."""
        self._dropped("log").inc(lines)


def _start_up_times(registry: CollectorRegistry, labels: list[str]) -> dict[str, Gauge]:
    options: dict[str, Any] = {"registry": registry, "multiprocess_mode": "livemax"}
    text = "Time of the model's `load`, with the download of its artifact"
    return {
        "load_s": Gauge("model_load_seconds", text, labels, **options),
        "warm_up_s": Gauge("model_warm_up_seconds", "Time of the warm-up", labels, **options),
    }
