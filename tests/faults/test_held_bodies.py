"""Row 37: bodies that are held in memory, and are much larger than what was sent."""

import gzip
import time

import pytest

from .client import JSON, Client, assert_problem, head, post
from .process import forget_peak, memory, metric, peak_memory

GOOD = b'{"input":"good"}'
LARGE = b'{"input":"good' + b" " * 9_990_000 + b'"}'
SOME = GOOD + b" " * 30_000
BUDGET = 19_980_040  # two of the large ones, and hardly a byte more
HELD = {
    "HARDENING__MAX_HELD_BYTES": BUDGET,
    "HARDENING__BODY_TIMEOUT_S": 60,
    "MODEL__CACHE_SIZE": 0,
}


@pytest.fixture(scope="module")
def service(serve):
    with serve(**HELD) as running:
        yield running


def begin(service, content, **headers):
    """Send a body without its last byte."""
    client = Client(service)
    top = head("POST", "/predict", content_type=JSON, content_length=len(content), **headers)
    client.send(top + content[:-1])
    return client


@pytest.mark.row(37)
def test_compressed_bodies_whose_end_is_withheld_take_no_room_from_others(service):
    clients = [begin(service, gzip.compress(LARGE), content_encoding="gzip") for _ in range(8)]
    for _ in range(5):
        assert post(service, "/predict", SOME).status == 200
    for client in clients:
        client.socket.close()


@pytest.mark.row(37)
def test_small_body_has_room_when_large_ones_take_all_there_is(service):
    refused = metric(service, 'requests_rejected_total{reason="memory"}')
    clients = [begin(service, LARGE) for _ in range(2)]
    deadline = time.monotonic() + 20
    while post(service, "/predict", SOME).status != 503:  # until they have arrived
        assert time.monotonic() < deadline
    assert post(service, "/predict", GOOD).status == 200
    assert metric(service, 'requests_rejected_total{reason="memory"}') > refused
    for client in clients:
        client.socket.close()
    while post(service, "/predict", SOME).status != 200:  # they have disconnected
        assert time.monotonic() < deadline


@pytest.mark.row(37)
def test_bodies_that_are_inflated_at_a_time_stay_within_the_budget(service):
    content = gzip.compress(LARGE[:4_900_000] + b'"}')
    clients = [begin(service, content, content_encoding="gzip") for _ in range(12)]
    before = memory(service.process.pid)
    forget_peak(service.process.pid)
    for client in clients:
        client.send(content[-1:])
    statuses = [client.answer().status for client in clients]
    assert set(statuses) <= {200, 503}
    assert 200 in statuses
    # As it is sent, joined, and as text: more than held bytes, but not for each of twelve.
    assert peak_memory(service.process.pid) - before < 3 * BUDGET / 1e6 + 10


@pytest.mark.row(37)
def test_body_that_inflates_far_too_well_is_413(service):
    answer = post(service, "/predict", gzip.compress(LARGE), content_encoding="gzip")
    assert_problem(answer, 413)
    assert "decompressed" in answer.json()["detail"]
    ones = b'{"input":"' + b"0.5," * 1_000_000 + b'"}'
    assert post(service, "/predict", gzip.compress(ones), content_encoding="gzip").status == 200
