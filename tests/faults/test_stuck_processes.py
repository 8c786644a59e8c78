"""Rows 26 and 28: a process that is stuck, or killed."""

import os
import signal
import time
from contextlib import suppress

import pytest

from .client import Client, get, post, post_bytes
from .process import PATIENCE_S, log_lines, wait_for, workers

WATCHDOG_S = 2
BLOCKED = {
    "faulty_model:Blocking": b'{"input":60}',
    "faulty_model:GilHolder": b'{"input":"%s!"}' % (b"a" * 60),
}


def stuck(service, body):
    """Send a request that blocks the process that takes it; its connection will be lost."""
    client = Client(service)
    client.send(post_bytes("/predict", body))
    return client


def loads(service):
    return len(log_lines(service, "Loaded model"))


@pytest.mark.row(26)
@pytest.mark.parametrize("model", BLOCKED)
def test_blocked_process_dumps_its_stacks_and_ends_with_1(serve, model):
    with serve(model, HARDENING__WATCHDOG_S=WATCHDOG_S) as service:
        with stuck(service, BLOCKED[model]) as client:
            started = time.monotonic()
            assert service.process.wait(PATIENCE_S) == 1
            assert time.monotonic() - started > WATCHDOG_S - 1
            assert client.is_closed()
        log = service.log.read_text()
        assert "Timeout (0:00:02)" in log
        assert "faulty_model.py" in log


@pytest.mark.row(26)
@pytest.mark.parametrize("model", BLOCKED)
def test_blocked_worker_is_replaced_while_the_other_serves(serve, model, record_property):
    begun = time.monotonic()
    with serve(model, HARDENING__WATCHDOG_S=WATCHDOG_S, HARDENING__WORKERS=2) as service:
        before = wait_for(lambda: loads(service) == 2 and workers(service))
        start_s = time.monotonic() - begun
        with stuck(service, BLOCKED[model]):
            started = time.monotonic()
            wait_for(lambda: loads(service) == 3)
            seconds = time.monotonic() - started
        record_property("number", f"blocked worker replaced in {seconds:.1f} s ({model})")
        assert seconds < WATCHDOG_S + max(2, start_s), "no longer than a start takes here and now"
        after = workers(service)
        assert len(after) == 2
        assert len(after & before) == 1
        for _ in range(20):
            assert get(service, "/health").status == 200


@pytest.mark.row(26)
def test_work_that_only_takes_long_is_no_reason_to_end(serve):
    with serve("slow_model:Slow", HARDENING__WATCHDOG_S=1) as service:
        assert post(service, "/predict", {"input": "1.5"}).status == 200
    with serve("faulty_model:Blocking", HARDENING__WATCHDOG_S=0) as service:
        assert post(service, "/predict", {"input": 1}).status == 200


@pytest.mark.row(28)
def test_killed_worker_loses_only_what_it_had_and_is_replaced_in_2_s(serve, record_property):
    begun = time.monotonic()
    with serve(
        "slow_model:Slow", HARDENING__WORKERS=2, SERVICE__THREADS=8, MODEL__CACHE_SIZE=0
    ) as service:
        wait_for(lambda: loads(service) == 2)
        start_s = time.monotonic() - begun
        clients = {name: stuck(service, b'{"input":"1 %s"}' % name.encode()) for name in "ABCDEFGH"}
        wait_for(lambda: len(log_lines(service, "begin ")) == len(clients))
        begun = log_lines(service, "begin ")
        pids = {line.split(" - ")[2][6]: int(line.rpartition("pid=")[2]) for line in begun}
        victim = pids["A"]
        os.kill(victim, signal.SIGKILL)
        started = time.monotonic()
        wait_for(lambda: loads(service) == 3)
        seconds = time.monotonic() - started
        record_property("number", f"killed worker replaced in {seconds:.1f} s")
        assert seconds < max(2, start_s), "no longer than a start takes here and now"
        assert len(workers(service) - {victim}) == 2
        for name, client in clients.items():
            with client:
                if pids[name] != victim:
                    assert client.answer().json() == {"prediction": pids[name]}
                else:
                    assert client.is_closed()
        for _ in range(20):
            assert post(service, "/predict", {"input": "0"}).status == 200


@pytest.mark.row(28)
def test_each_worker_loads_its_model_once_and_is_alive_meanwhile(serve):
    with serve("slow_model:SlowToLoad", HARDENING__WORKERS=2) as service:
        assert get(service, "/health").status == 200
        assert loads(service) < 2
        wait_for(lambda: loads(service) == 2)
        assert len(log_lines(service, "begin to load")) == 2


@pytest.mark.row(28)
def test_worker_that_still_loads_its_model_takes_no_requests(serve):
    """The other one could serve them, and clients cannot choose."""
    with serve("slow_model:SlowToLoad", HARDENING__WORKERS=2) as service:
        wait_for(lambda: loads(service) == 2)
        os.kill(min(workers(service)), signal.SIGKILL)
        statuses = []
        while loads(service) < 3 and len(statuses) < 20_000:
            for _ in range(50):
                with suppress(ConnectionError):  # of the killed one
                    statuses.append(post(service, "/predict", {"input": "0"}).status)
        assert {*statuses} == {200}


@pytest.mark.row(26)
@pytest.mark.parametrize("workers", [1, 2])
def test_model_that_holds_the_interpreter_as_it_loads_is_no_reason_to_end(serve, workers):
    with serve(
        "process_model:HoldsInterpreter", HARDENING__WATCHDOG_S=1, HARDENING__WORKERS=workers
    ) as service:
        wait_for(lambda: loads(service) == workers)
        assert len(log_lines(service, "begin to load")) == workers, "none was started anew"


@pytest.mark.row(28)
def test_liveness_answers_while_all_workers_load(serve, tmp_path):
    """However long that takes: the model waits until liveness has been seen."""
    with serve(
        "process_model:LoadsWhile",
        ready="/health",
        HARDENING__WORKERS=2,
        ARTIFACT=tmp_path / "artifact",
    ) as service:
        assert get(service, "/health").status == 200
        assert get(service, "/ready").status == 503
        wait_for(lambda: len(log_lines(service, "begin to load")) == 2)
        (tmp_path / "artifact").touch()
        wait_for(lambda: loads(service) == 2)


@pytest.mark.row(28)
def test_worker_that_cannot_be_replaced_is_tried_again_while_the_other_serves(serve, tmp_path):
    artifact = tmp_path / "artifact"
    artifact.touch()
    with serve("process_model:LoadsWhile", HARDENING__WORKERS=2, ARTIFACT=artifact) as service:
        wait_for(lambda: loads(service) == 2)
        artifact.rename(tmp_path / "gone")
        victim, other = sorted(workers(service))
        os.kill(victim, signal.SIGKILL)
        wait_for(lambda: len(log_lines(service, "next attempt in")) == 2)
        first, second = log_lines(service, "ended with exit code 78 before it served")
        assert first.endswith("next attempt in 1 s")
        assert second.endswith("next attempt in 2 s")
        assert post(service, "/predict", {"input": "0"}).json() == {"prediction": other}
        artifact.touch()
        wait_for(lambda: loads(service) == 3)
        os.kill(other, signal.SIGKILL)
        wait_for(lambda: loads(service) == 4)


@pytest.mark.row(28, 31)
def test_service_whose_workers_can_all_not_be_replaced_ends_with_78(serve, tmp_path):
    artifact = tmp_path / "artifact"
    artifact.touch()
    with serve("process_model:LoadsWhile", HARDENING__WORKERS=2, ARTIFACT=artifact) as service:
        wait_for(lambda: loads(service) == 2)
        artifact.rename(tmp_path / "gone")
        for pid in workers(service):
            os.kill(pid, signal.SIGKILL)
        assert service.process.wait(PATIENCE_S) == 78
