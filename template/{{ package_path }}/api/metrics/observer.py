"""Metrics of the inference services."""

from functools import cache, partial
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from ...services.inference_service import InferenceService
from ...services.observer import Observer

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
MODEL = ("model", "version")


class InferenceMetrics:
    """Metrics of predictions and requests; those of predictions by model and version."""

    def __init__(self, registry: CollectorRegistry, environment: str) -> None:
        counter = partial(Counter, registry=registry)
        histogram = partial(Histogram, registry=registry, labelnames=MODEL)
        gauge: Any = partial(Gauge, registry=registry, multiprocess_mode="livemax")
        self.environment = environment
        self.seconds = histogram("inference_duration_seconds", "Time to predict", buckets=SECONDS)
        self.batch_size = histogram("inference_batch_size", "Inputs in one call", buckets=SIZES)
        text = "Longest wait in a batch"
        self.batch_wait = histogram("inference_batch_wait_seconds", text, buckets=SECONDS)
        self.lookups = counter("inference_cache", "Lookups in the cache", [*MODEL, "result"])
        self.errors = counter("inference_errors", "Predictions that failed", [*MODEL, "error"])
        self.retries = counter("inference_retries", "Further attempts after an error", MODEL)
        self.loads = counter("model_loads", "Loads, by result", [*MODEL, "result"])
        text = "Time of the model's `load`, with the download of its artifact"
        warm_up = gauge("model_warm_up_seconds", "Time of the warm-up", MODEL)
        self.info = gauge("model_info", "A loaded model", [*MODEL, "environment"])
        self.start = {"load_s": gauge("model_load_seconds", text, MODEL), "warm_up_s": warm_up}
        self.share = gauge("model_share", "Share of the requests", MODEL)
        text = "Predictions of a shadow, beside that of the response"
        self.shadows = counter("shadow_predictions", text, [*MODEL, "result"])
        self.records = counter("recordings", "Records of predictions", [*MODEL, "result"])
        self.rejections = counter("requests_rejected", "Requests not served", ["reason"])
        self.dropped = counter("log_lines_dropped", "Log lines that were dropped", ["stream"])
        gauge = partial(Gauge, registry=registry, multiprocess_mode="livesum")
        self.waiting = gauge("requests_waiting", "Requests that wait for the model")

    def observe(self, service: InferenceService) -> None:
        """Count the events of a service."""
        service.observer = PrometheusObserver(self, service.name, service.version)


class PrometheusObserver(Observer):
    """Turn events of one model and version into metrics."""

    def __init__(self, metrics: InferenceMetrics, model: str, version: str) -> None:
        self._metrics, self._model = metrics, model
        self.on_version(version)

    def on_version(self, version: str) -> None:
        """Count all further events for this version: that of an alias is known late."""
        metrics, labels = self._metrics, (self._model, version)
        self._seconds = metrics.seconds.labels(*labels)
        self._batch_size = metrics.batch_size.labels(*labels)
        self._batch_wait = metrics.batch_wait.labels(*labels)
        self._retries = metrics.retries.labels(*labels)
        self._lookups = cache(partial(metrics.lookups.labels, *labels))
        self._errors = cache(partial(metrics.errors.labels, *labels))
        self._records = cache(partial(metrics.records.labels, *labels))
        self._rejections = cache(metrics.rejections.labels)
        self._labels = labels

    def on_load(self, times: dict[str, float]) -> None:
        """Record the seconds of the start: `load_s` and, if there is an example, `warm_up_s`."""
        self._metrics.loads.labels(*self._labels, "loaded").inc()
        self._metrics.info.labels(*self._labels, self._metrics.environment).set(1)
        for name, seconds in times.items():
            self._metrics.start[name].labels(*self._labels).set(seconds)

    def on_failed_load(self) -> None:
        """Count a version that could not be loaded."""
        self._metrics.loads.labels(*self._labels, "failed").inc()

    def on_share(self, share: float) -> None:
        """Record the share of the requests that this version predicts for, of 1."""
        self._metrics.share.labels(*self._labels).set(share)

    def on_shadow(self, result: str) -> None:
        """Count a prediction of a shadow, beside that of the response."""
        self._metrics.shadows.labels(*self._labels, result).inc()

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
        self._metrics.waiting.inc(change)

    def on_rejection(self, reason: str) -> None:
        """Count a request or a connection that was not served, by reason."""
        self._rejections(reason).inc()

    def on_dropped_lines(self, lines: int) -> None:
        """Count log lines that could not be written."""
        self._metrics.dropped.labels("log").inc(lines)

    def on_recordings(self, result: str, number: int) -> None:
        """Count records: `written`, `skipped` by `recording.redact`, `failed`, or `dropped`."""
        self._records(result).inc(number)
