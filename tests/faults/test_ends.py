"""Row 29: SIGTERM, once and twice."""

import os
import signal
import time

import pytest

from .client import Client, assert_problem, get, head, post, post_bytes
from .process import PATIENCE_S, log_lines, wait_for, wait_for_line

ENDED = {0, 143, -signal.SIGTERM}  # a shell says 143 where Python says -15
DRAIN_S = 1
ECHO_S = 1.1  # anything sooner may be the first signal once more, passed on by a launcher


@pytest.fixture
def draining(serve):
    """Run a service that drains; its model takes as long as its input says."""

    def start(workers=1, **more):
        limits = {"HARDENING__DRAIN_S": DRAIN_S, "HARDENING__WORKERS": workers}
        return serve("slow_model:Slow", **limits, **more)

    return start


def begin(service, seconds):
    client = Client(service)
    client.send(post_bytes("/predict", b'{"input":"%g begun"}' % seconds))
    wait_for_line(service, "begin begun")
    return client


def terminate(service):
    """Send SIGTERM to the process that was started, and to it alone, as a platform does."""
    os.kill(service.process.pid, signal.SIGTERM)


@pytest.mark.row(29)
def test_first_sigterm_drains_and_what_is_in_flight_finishes(draining):
    with draining() as service, begin(service, DRAIN_S + 1) as client:
        started = time.monotonic()
        terminate(service)
        wait_for(lambda: get(service, "/ready").status == 503)
        refused = get(service, "/ready")
        assert_problem(refused, 503)
        alive = get(service, "/health")
        assert alive.status == 200
        assert refused.headers["connection"] == alive.headers["connection"] == "close"
        assert post(service, "/predict", {"input": "0"}).status == 200, "still served"
        assert client.answer().status == 200
        assert service.process.wait(PATIENCE_S) in ENDED
        assert time.monotonic() - started > DRAIN_S + 0.9
        assert not log_lines(service, "Traceback")


@pytest.mark.row(29)
def test_idle_connections_do_not_hold_up_the_end(draining):
    patient = {"HARDENING__HEADER_TIMEOUT_S": 3600, "SERVICE__TIMEOUT": 3600}
    with draining(**patient) as service, Client(service) as idle, Client(service) as silent:
        idle.send(head("GET", "/health"))
        assert idle.answer().status == 200
        silent.send(b"GET /hea")
        terminate(service)
        assert service.process.wait(PATIENCE_S) in ENDED


@pytest.mark.row(29)
@pytest.mark.parametrize("workers", [1, 2])
def test_second_sigterm_ends_at_once(draining, workers):
    with draining(workers) as service, begin(service, 600) as client:
        terminate(service)
        wait_for_line(service, "Draining")
        time.sleep(ECHO_S)
        terminate(service)
        assert service.process.wait(PATIENCE_S) in ENDED
        assert client.is_closed()


@pytest.mark.row(29)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("workers", [1, 2])
def test_signal_to_all_processes_cuts_nothing_that_is_in_flight(draining, workers, number):
    with draining(workers) as service, begin(service, DRAIN_S + 1) as client:
        os.killpg(service.process.pid, number)
        if workers == 1 and number == signal.SIGTERM:
            terminate(service)  # as a launcher does that passes on what it gets itself
        assert client.answer().status == 200
        assert service.process.wait(PATIENCE_S) in {*ENDED, 130, -signal.SIGINT}


@pytest.mark.row(25, 29)
def test_call_that_hangs_does_not_keep_the_process_from_ending(serve):
    with serve("slow_model:Slow", SERVICE__TIMEOUT=0.3) as service, begin(service, 600) as client:
        assert client.answer().status == 504
        os.kill(service.process.pid, signal.SIGINT)
        assert service.process.wait(PATIENCE_S) in {0, 130, -signal.SIGINT}


@pytest.mark.row(29)
def test_several_workers_drain_too(draining):
    with draining(workers=2) as service, begin(service, DRAIN_S + 1) as client:
        wait_for(lambda: len(log_lines(service, "Loaded model")) == 2)
        terminate(service)
        wait_for(lambda: len(log_lines(service, "Draining")) == 2)
        assert_problem(get(service, "/ready"), 503)
        assert get(service, "/health").status == 200
        assert client.answer().status == 200
        assert service.process.wait(PATIENCE_S) in ENDED


@pytest.mark.row(29)
def test_sigterm_before_the_model_is_loaded_ends_the_process(serve):
    with serve() as service:
        terminate(service)
        assert service.process.wait(PATIENCE_S) in ENDED
        assert not log_lines(service, "Traceback")
