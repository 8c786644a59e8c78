"""The queue for the model; requests that disconnect, or find no slot, keep nobody waiting."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from src.serving.limits import slow_requests
from tests.conftest import TextModel
from tests.engine.suite.hardening.limits_harness import run


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(slow_requests, "SLOW_AFTER_S", 0.01)


async def busy(limited):
    """Send a request that keeps the app busy."""
    task = limited.request(b"first")
    await asyncio.sleep(0.001)
    assert limited.bodies == [b"first"]
    return task


def test_requests_take_turns_and_those_beyond_the_queue_are_503_at_once():
    async def check(limited):
        first, second = await busy(limited), limited.request(b"second")
        await asyncio.sleep(0.001)
        status, headers = await limited.request(b"third", ends=False)
        assert (status, headers[b"retry-after"]) == (503, b"1")
        assert b"connection" not in headers
        assert ("on_rejection", "overload") in limited.events
        assert limited.bodies == [b"first"]
        limited.may_answer.set()
        assert [(await task)[0] for task in (first, second)] == [200, 200]
        assert limited.bodies == [b"first", b"second"]

    run(check)


def test_questions_about_the_service_never_wait():
    async def check(limited):
        tasks = [await busy(limited), limited.request(b"second")]
        tasks += [limited.request(b"x" * 20, method=name) for name in ("GET", "HEAD", "OPTIONS")]
        await asyncio.sleep(0.001)
        assert len(limited.bodies) == 4
        limited.may_answer.set()
        assert [(await task)[0] for task in tasks] == [200] * 5

    run(check)


def test_request_that_has_waited_too_long_is_503():
    async def check(limited):
        first = await busy(limited)
        assert (await limited.request(b"second"))[0] == 503
        limited.may_answer.set()
        await first
        assert limited.bodies == [b"first"]

    run(check, patience_s=0.02)


def test_client_that_leaves_while_it_waits_never_reaches_the_app():
    async def check(limited):
        first = await busy(limited)
        assert (await limited.request(b"second", leaves=True))[0] == 499
        assert limited.events[-1] == ("on_rejection", "client_left")
        limited.may_answer.set()
        assert (await first)[0] == 200
        assert limited.bodies == [b"first"]

    run(check)


def test_work_for_a_client_that_has_left_is_stopped():
    async def check(limited):
        assert (await limited.request(b"first", leaves=True))[0] == 499
        assert limited.events == [("on_rejection", "client_left")]

    run(check)


def test_request_that_is_cancelled_by_others_stays_so():
    async def check(limited):
        first = await busy(limited)
        reads, waits = limited.request(b"01", ends=False), limited.request(b"second")
        await asyncio.sleep(0.001)
        tasks = [first, reads, waits]
        assert all(task.cancel() for task in tasks)
        await asyncio.wait(tasks)
        assert all(task.cancelled() for task in tasks)

    run(check)


def test_failure_of_the_app_gives_the_turn_back():
    async def check(limited):
        limited.may_answer.set()
        assert (await limited.request(b"broken"))[0] == 500
        assert (await limited.request(b"fine"))[0] == 200

    run(check)


def test_as_many_run_as_the_model_has_threads_and_as_many_wait_as_the_settings_say(client_of):
    class Busy(TextModel):
        def predict(self, input_data: str) -> str:
            self.calls.append(input_data)
            may_go_on.wait(5 if input_data == "busy" else 0)
            return input_data

    may_go_on, model = threading.Event(), Busy()
    client = client_of(model, service={"threads": 1}, hardening={"max_waiting": 0})
    with ThreadPoolExecutor(1) as threads:
        busy_one = threads.submit(client.post, "/predict?input=busy")
        while "busy" not in model.calls:
            pass
        answer = client.post("/predict?input=x")
        may_go_on.set()
        assert busy_one.result().status_code == 200
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert "x" not in model.calls
