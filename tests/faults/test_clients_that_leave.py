"""Rows 18 and 19: clients that disconnect before they have their response."""

import pytest

from .client import Client, post, post_bytes
from .process import log_lines, metric, wait_for, wait_for_line

LEFT = 'requests_rejected_total{reason="client_left"}'


@pytest.fixture(
    scope="module", params=["slow_model:Slow", "slow_model:SlowBatch"], ids=["single", "batching"]
)
def slow(request, serve):
    limits = {"BATCHING__MAX_BATCH_SIZE": 1, "SERVICE__THREADS": 1, "MODEL__CACHE_SIZE": 0}
    with serve(request.param, **limits) as service:
        yield service


def start(service, text):
    client = Client(service)
    body = b'{"input":"%s"}' % text.encode()
    client.send(post_bytes("/predict", body, x_request_id=text.partition(" ")[2]))
    return client


@pytest.mark.row(18)
def test_model_is_not_called_for_a_client_that_left_while_it_waited(slow):
    left = metric(slow, LEFT)
    with start(slow, "3 waited-A") as first:
        wait_for_line(slow, "begin waited-A")
        places = metric(slow, "requests_waiting")
        with start(slow, "0 waited-B"), start(slow, "0 waited-C"):
            wait_for_line(slow, "waited-A", "Making prediction")
            wait_for(lambda: metric(slow, "requests_waiting") >= places + 1)
        wait_for(lambda: metric(slow, LEFT) == left + 2)
        assert not log_lines(slow, "end waited-A"), "the leave must be seen at once"
        assert first.answer().status == 200
    assert post(slow, "/predict", {"input": "0 waited-D"}).status == 200
    wait_for_line(slow, "end waited-D")
    assert not log_lines(slow, "begin waited-B")
    assert not log_lines(slow, "begin waited-C")


@pytest.mark.row(19)
def test_result_for_a_client_that_left_is_dropped_and_its_slot_freed_at_the_real_end(slow):
    left = metric(slow, LEFT)
    with start(slow, "3 ran-A"):
        wait_for_line(slow, "begin ran-A")
    wait_for(lambda: metric(slow, LEFT) == left + 1)
    assert not log_lines(slow, "end ran-A"), "the client's leave must be seen at once"
    assert post(slow, "/predict", {"input": "0 ran-B"}).status == 200
    wait_for_line(slow, "end ran-B")
    order = [line.split(" - ")[2].split()[:2] for line in log_lines(slow, " ran-")
             if "begin" in line or "end" in line]  # fmt: skip
    assert order == [["begin", "ran-A"], ["end", "ran-A"], ["begin", "ran-B"], ["end", "ran-B"]]
    assert not log_lines(slow, "Prediction result", "request_id=ran-A")


@pytest.mark.row(19)
def test_leaving_clients_let_no_more_calls_run_than_there_are_threads(slow):
    for number in range(10):
        with start(slow, f"0.1 crowd-{number}"):
            wait_for_line(slow, "Making prediction", f"crowd-{number}")
    assert post(slow, "/predict", {"input": "0 crowd-end"}).status == 200
    running = most = 0
    for line in wait_for(lambda: log_lines(slow, "end crowd-end") and log_lines(slow, " crowd-")):
        running += ("- begin" in line) - ("- end" in line)
        most = max(most, running)
    assert most == 1
    assert running == 0


@pytest.mark.row(18)
def test_clients_that_left_take_no_place_in_the_queue(serve):
    limits = {"HARDENING__MAX_WAITING": 2, "SERVICE__THREADS": 1, "MODEL__CACHE_SIZE": 0}
    with serve("slow_model:Slow", **limits) as service, start(service, "5 queue-A") as first:
        wait_for_line(service, "begin queue-A")
        for number in range(6):
            left = metric(service, LEFT)
            with start(service, f"0 queue-{number}"):
                wait_for(lambda: metric(service, "requests_waiting") == 1)
            wait_for(lambda: metric(service, LEFT) == left + 1)  # noqa: B023
        assert first.answer().status == 200
