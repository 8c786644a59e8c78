"""A model that takes long to import: the service responds, and ends, meanwhile."""

import os
import signal
import time

import pytest

from .client import assert_problem, get, post
from .process import PATIENCE_S, log_lines, wait_for
from .test_ends import ENDED

QUICK_S = 3  # on a quiet machine
EACH = pytest.mark.parametrize("count", [1, 2], ids=["1 worker", "2 workers"])


@pytest.fixture
def late(serve, tmp_path):
    """Run a service whose model is being imported until `late.end` exists."""

    def start(count, **more):
        env = {"LATE_END": start.end, "HARDENING__WORKERS": count, **more}
        return serve("late_model:Late", ready="/health", **env)

    start.end = tmp_path / "end"
    return start


@EACH
def test_health_is_ok_and_all_else_is_unavailable_until_the_model_is_imported(late, count):
    with late(count) as service:
        assert get(service, "/health").body == b'{"status":"ok"}'
        for path in ("/ready", "/info", "/docs", "/nowhere"):
            response = get(service, path)
            assert_problem(response, 503)
            assert response.headers["retry-after"] == "1"
        assert_problem(post(service, "/predict", {"input": "x"}), 503)
        late.end.touch()
        wait_for(lambda: len(log_lines(service, "Loaded model: late")) == count)
        statuses = {get(service, "/ready").status for _ in range(100)}
        assert statuses == {200}, "nothing but the workers responds"
        assert post(service, "/predict", {"input": "x"}).json() == {"prediction": "x"}


@EACH
def test_sigterm_ends_the_service_while_the_model_is_imported(late, count):
    with late(count, HARDENING__DRAIN_S=600) as service:
        wait_for(lambda: len(log_lines(service, "begin to import")) == count)
        started = time.monotonic()
        os.kill(service.process.pid, signal.SIGTERM)
        assert service.process.wait(PATIENCE_S) in ENDED
        assert time.monotonic() - started < QUICK_S * max(1, os.getloadavg()[0])
        assert not log_lines(service, "Traceback")


@EACH
def test_sigterm_ends_the_service_while_the_model_is_loaded(serve, count):
    limits = {"HARDENING__DRAIN_S": 600, "HARDENING__WORKERS": count}
    with serve("slow_model:NeverLoaded", ready="/health", **limits) as service:
        wait_for(lambda: len(log_lines(service, "begin to load")) == count)
        os.kill(service.process.pid, signal.SIGTERM)
        assert service.process.wait(PATIENCE_S) in ENDED


@EACH
def test_model_that_cannot_be_imported_ends_the_service_with_one_message(late, count):
    with late(count) as service:
        late.end.write_text("no weights")
        assert service.process.wait(PATIENCE_S) == 78
        failed = "Cannot import src/models/late_model.py: OSError: no weights"
        (line,) = log_lines(service, failed)
        assert line.startswith("  model.implementation: late_model:Late: ")
        assert not log_lines(service, "Traceback")
