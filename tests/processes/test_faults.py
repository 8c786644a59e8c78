"""Processes of the model that crash, hang, are killed, or lose their service."""

import os
import signal
import threading
import time
from contextlib import ExitStack, suppress
from functools import partial

import pytest

from tests.faults.process import log_lines, metric, wait_for, wait_for_line, workers
from tests.processes.system import Load, none_left, predict, processes_of

WORKER = "process_models:Worker"


def both(service):
    """Return the two processes of the model, once there are two."""
    return wait_for(lambda: len(pids := processes_of(service.process.pid)) == 2 and pids)


def has_started(service, number):
    """Return whether so many processes have loaded the model so far."""
    return len(log_lines(service, "Started a process of the model")) == number


def at_once(service, text):
    """Send a request in a thread; its response may never come."""

    def send():
        with suppress(ConnectionError):
            predict(service, text)

    sent = threading.Thread(target=send)
    sent.start()
    return sent


def test_process_that_is_killed_under_load_costs_only_its_own_calls(serve):
    kills = 4
    with serve(WORKER) as service, ExitStack() as stack:
        loads = [stack.enter_context(Load(service, "20")) for _ in range(6)]
        for _ in range(kills):
            pids = both(service)
            time.sleep(0.2)
            os.kill(min(pids), signal.SIGKILL)
            wait_for(partial(none_left, {min(pids)}))
        stack.close()
        statuses = [status for load in loads for status in load.statuses]
        assert {*statuses} <= {200, 503}
        assert statuses.count(503) <= kills
        assert statuses.count(200) > 20
        wait_for(lambda: len(log_lines(service, "ended with exit code -9")) == kills)
        failed = metric(service, 'inference_errors_total{error="ModelProcessError"}')
        assert failed == statuses.count(503)


def test_call_that_hangs_is_504_at_its_limit_while_others_are_served(serve):
    with serve(WORKER, SERVICE__TIMEOUT=1) as service:
        for number, text in enumerate(("hang", "regex"), 3):
            before = both(service)
            began = time.monotonic()
            with Load(service, "5") as load:
                assert predict(service, text)[0] == 504
            assert 1 <= time.monotonic() - began < 10
            assert {*load.statuses} == {200}
            wait_for(partial(has_started, service, number))
            assert len(before & both(service)) == 1
        wait_for(lambda: len(log_lines(service, "Killing a process of the model")) == 2)


def test_crash_is_503_without_a_retry_and_named_in_the_log(serve):
    with serve(WORKER, count=1) as service:
        for text, code in [("die", 7), ("leave", None)]:
            status, _ = predict(service, text)
            assert status == (503 if code else 500)
            assert predict(service, "0") == (200, "0")
        wait_for_line(service, " - ERROR - A process of the model ended with exit code 7")
        assert len(log_lines(service, "ended with exit code")) == 1


@pytest.mark.parametrize("variant", ["hardening", "alone"])
@pytest.mark.parametrize("text", ["hang", "regex", ""])
def test_service_that_is_killed_leaves_no_process(serve, variant, text):
    with serve(WORKER, variant=variant) as service:
        pids = processes_of(service.process.pid)
        assert len(pids) == 2
        if text:
            sent = [at_once(service, text) for _ in pids]
            time.sleep(0.5)
        service.process.kill()
        wait_for(lambda: none_left(pids), 10)
        if text:
            for each in sent:
                each.join()


def test_worker_that_is_killed_takes_its_processes_along_and_no_others(serve):
    with serve(WORKER, count=1, HARDENING__WORKERS=2) as service:
        first, second = wait_for(lambda: len(found := workers(service)) == 2 and found)
        gone, kept = (wait_for(lambda w=worker: processes_of(w)) for worker in (first, second))
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: none_left(gone), 10)
        assert processes_of(second) == kept
        wait_for(lambda: len(processes_of(service.process.pid)) == 2)


@pytest.mark.parametrize("variant", ["hardening", "alone"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_to_the_group_lets_calls_finish_and_unloads_the_model(serve, variant, number):
    answers = []
    with serve(WORKER, variant=variant) as service:
        pids = processes_of(service.process.pid)
        sent = threading.Thread(target=lambda: answers.append(predict(service, "800")))
        sent.start()
        wait_for_line(service, "Making prediction for input: 800")
        os.killpg(service.process.pid, number)
        for pid in pids:
            os.kill(pid, number)
        sent.join()
        service.process.wait(60)
        assert answers == [(200, "800")]
        assert none_left(pids)
        assert len(log_lines(service, " - INFO - unloaded")) == 2
        assert not log_lines(service, "Traceback")
        assert not log_lines(service, "ended with exit code")
