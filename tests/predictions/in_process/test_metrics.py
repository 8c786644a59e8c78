"""Metrics name their model, and report the resources of the processes that serve."""

import os
import subprocess
import sys

import pytest
from prometheus_client.parser import text_string_to_metric_families
from src.api.metrics import prometheus

ABOUT_THE_MODEL = [
    "inference_duration_seconds_count",
    "inference_cache_total",
    "inference_errors_total",
    "inference_retries_total",
    "inference_batch_size_count",
    "inference_batch_wait_seconds_count",
]


def samples(client, name):
    families = text_string_to_metric_families(client.get("/metrics").text)
    return [s for family in families for s in family.samples if s.name == name]


@pytest.mark.parametrize("name", ABOUT_THE_MODEL)
def test_metric_about_the_model_names_it(name, model_of, client_of):
    def predict(text):
        if text == "bad":
            raise ValueError(text)
        return text

    client = client_of(model_of(str, str, predict), model={"name": "mine", "version": "7"})
    client.post("/predict?input=x")
    client.post("/predict?input=bad")
    found = samples(client, name)
    assert found
    for sample in found:
        assert sample.labels.items() >= {"model": "mine", "version": "7"}.items()


def test_process_is_measured(model_of, client_of):
    client = client_of(model_of(str, str, str))
    (memory,) = samples(client, "process_resident_memory_bytes")
    assert 20_000_000 < memory.value < 10_000_000_000
    for name in ("process_cpu_seconds_total", "process_open_fds", "process_start_time_seconds"):
        assert samples(client, name)[0].value > 0
    assert len(samples(client, "process_start_time_seconds")) == 1


def test_processes_of_all_workers_are_added_up(model_of, client_of, tmp_path, monkeypatch):
    script = "import sys; b = bytearray(100_000_000); print('up', flush=True); sys.stdin.read()"
    others = [
        subprocess.Popen(
            [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(2)
    ]
    try:
        for other in others:
            assert other.stdout.readline() == b"up\n"
            (tmp_path / f"counter_{other.pid}.db").touch()
        (tmp_path / "counter_999999999.db").touch()  # of a worker that has ended
        monkeypatch.setattr(prometheus, "IS_SHARED", True)
        monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
        monkeypatch.setattr(prometheus, "MultiProcessCollector", lambda _: None)
        client = client_of(model_of(str, str, str))
        (memory,) = samples(client, "process_resident_memory_bytes")
        assert 200_000_000 < memory.value < 400_000_000
        (started,) = samples(client, "process_start_time_seconds")
        assert 1_000_000_000 < started.value < 10_000_000_000
    finally:
        for other in others:
            other.communicate()
    assert os.environ["PROMETHEUS_MULTIPROC_DIR"] == str(tmp_path)
