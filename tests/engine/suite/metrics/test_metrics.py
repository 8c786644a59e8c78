"""The content of `/metrics` after events."""

import os
import subprocess
import sys
import time
from typing import Any, ClassVar

import pytest
from prometheus_client import CONTENT_TYPE_LATEST
from prometheus_client.parser import text_string_to_metric_families

from src.api.metrics import prometheus, worker_files
from src.core.errors import ConfigError, InvalidInputError
from src.core.metadata import PROJECT_DIR
from tests.conftest import PATIENCE_S, TextModel


class NoExample(TextModel):
    example: ClassVar[Any] = None


class Picky(TextModel):
    def predict(self, input_data: str) -> str:
        if input_data == "bad":
            raise InvalidInputError("not this one")
        return super().predict(input_data)


def value(client, name, **labels):
    """Return one number of `/metrics`; 0 if it is missing."""
    families = text_string_to_metric_families(client.get("/metrics").text)
    samples = [s for family in families for s in family.samples if s.name == name]
    return sum(s.value for s in samples if labels.items() <= s.labels.items())


def labels_of(client, name):
    families = text_string_to_metric_families(client.get("/metrics").text)
    return [s.labels for family in families for s in family.samples if s.name == name]


def test_metrics_are_what_prometheus_reads(client_of):
    client = client_of()
    client.post("/predict?input=x")
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == CONTENT_TYPE_LATEST
    names = [family.name for family in text_string_to_metric_families(answer.text)]
    assert len(names) == len(set(names)) > 8
    assert "/metrics" not in client.get("/openapi.json").json()["paths"]


def test_requests_are_timed_by_route_and_status(client_of):
    client = client_of()
    for text in ("a", "b"):
        client.post("/predict", json={"input": text})
    client.post("/predict?input=a")
    client.post("/predict", json={})
    name = "http_request_duration_seconds_"
    labels = {"method": "POST", "route": "/predict"}
    assert value(client, f"{name}count", **labels, status="200") == 3
    assert value(client, f"{name}count", **labels, status="422") == 1
    assert value(client, f"{name}bucket", **labels, status="200", le="30.0") == 3
    assert 0 < value(client, f"{name}sum", **labels, status="200") < 30


def test_what_is_asked_for_adds_no_labels(client_of):
    client = client_of()
    before = labels_of(client, "http_request_duration_seconds_count")
    for number in range(3):
        client.get(f"/unknown/{number}")
        client.request(f"BREW{number}", "/pot")
    added = [
        labels
        for labels in labels_of(client, "http_request_duration_seconds_count")
        if labels not in before and labels["route"] != "/metrics"
    ]
    assert added == [
        {"method": "GET", "route": "", "status": "404"},
        {"method": "other", "route": "", "status": "404"},
    ]


def test_failed_request_is_timed_too(client_of):
    def broken() -> None:
        raise RuntimeError("internals")

    client = client_of()
    client.app.get("/broken")(broken)
    client.get("/broken")
    assert value(client, "http_request_duration_seconds_count", route="/broken") == 1


def test_predictions_cache_and_errors_are_counted(client_of):
    client = client_of(Picky())
    for text in ("a", "a", "b", "bad"):
        client.post(f"/predict?input={text}")
    assert value(client, "inference_duration_seconds_count") == 3
    assert value(client, "inference_cache_total", result="hit") == 1
    assert value(client, "inference_cache_total", result="miss") == 3
    assert value(client, "inference_errors_total", error="InvalidInputError") == 1


def test_model_that_is_served_is_named(client_of):
    labels = {"model": "echo", "version": "1.2.3", "environment": "staging"}
    client = client_of(environment="staging")
    assert labels_of(client, "model_info") == [labels]
    assert value(client, "model_info") == 1


def test_times_of_the_start_are_measured(client_of):
    class Slow(TextModel):
        def load(self):
            time.sleep(0.05)

    client = client_of(Slow())
    assert 0.05 <= value(client, "model_load_seconds", model="echo", version="1.2.3") < 60
    assert 0 <= value(client, "model_warm_up_seconds") < 60
    assert labels_of(client_of(NoExample()), "model_warm_up_seconds") == []


@pytest.mark.parametrize(
    ("event", "values", "name", "labels", "change"),
    [
        ("on_rejection", ["overload"], "requests_rejected_total", {"reason": "overload"}, 1),
        ("on_dropped_lines", [2], "log_lines_dropped_total", {"stream": "log"}, 2),
        ("on_waiting", [2], "requests_waiting", {}, 2),
        ("on_batch", [3, 2], "inference_batch_size_sum", {}, 3),
        ("on_batch", [3, 2], "inference_batch_wait_seconds_sum", {}, 2),
    ],
)
def test_what_other_parts_tell_of_is_shown(client_of, event, values, name, labels, change):
    client = client_of()
    before = value(client, name, **labels)
    getattr(client.app.state.inference_service.observer, event)(*values)
    assert value(client, name, **labels) == before + change


def test_numbers_of_all_workers_are_added(client_of, tmp_path, monkeypatch):
    script = (
        f"import sys; sys.path[:0] = {[str(PROJECT_DIR), str(PROJECT_DIR / 'src')]}\n"
        "from fastapi.testclient import TestClient\n"
        "from src.app import create_app\n"
        "from src.config.settings import Settings\n"
        "from tests.conftest import TextModel, until\n"
        "with TestClient(create_app(Settings(), model=TextModel())) as client:\n"
        "    until(lambda: client.get('/ready').status_code == 200)\n"
        "    client.get('/health')\n"
    )
    folder = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    environment = {**os.environ, **folder}
    workers = [subprocess.Popen([sys.executable, "-c", script], env=environment) for _ in range(2)]
    assert [worker.wait(PATIENCE_S) for worker in workers] == [0, 0]
    monkeypatch.setattr(prometheus, "IS_SHARED", True)
    monkeypatch.setattr(os, "environ", environment)
    assert value(client_of(), "http_request_duration_seconds_count", route="/health") == 2
    assert value(client_of(), "model_info") == 1


@pytest.mark.parametrize("name", ["PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir"])
def test_folder_for_metrics_is_made_or_refused_with_its_name(tmp_path, monkeypatch, name):
    monkeypatch.setattr(worker_files, "IS_SHARED", True)
    monkeypatch.setattr(os, "environ", {name: str(tmp_path / "new" / "folder")})
    worker_files.check_folder()
    assert (tmp_path / "new" / "folder").is_dir()
    (tmp_path / "file").touch()
    for wrong, problem in {"": "is empty", str(tmp_path / "file"): "no files can be"}.items():
        monkeypatch.setattr(os, "environ", {name: wrong})
        with pytest.raises(ConfigError, match=f"environment PROMETHEUS_MULTIPROC_DIR: {problem}"):
            worker_files.check_folder()
