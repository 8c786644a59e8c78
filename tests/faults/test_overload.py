"""Rows 20 and 21: more requests than can be served, larger than can be held."""

import asyncio
import time

import pytest

from .client import JSON, Client, assert_problem, get, head, post_bytes
from .load import HEALTH, LOST, at_rate, one_after_another, percentile
from .process import at_once, forget_peak, memory, metric, peak_memory, wait_for, wait_for_line

BUDGET_MB = 64  # `hardening.max_held_bytes`
WORK = post_bytes("/predict", b'{"input":"0.04"}')
LARGE = post_bytes("/predict", b'{"input":"0.04%s"}' % (b"0" * 100_000))
THREADS = 4
SECONDS = 8


@pytest.fixture
def limited(serve):
    """A service that can do 100 requests a second, whatever the machine."""
    limits = {"SERVICE__THREADS": THREADS, "MODEL__CACHE_SIZE": 0}
    with serve("slow_model:Slow", HARDENING__BODY_TIMEOUT_S=3, **limits) as service:
        yield service


def capacity(service):
    """Measure its throughput with as many clients as threads, in requests a second."""
    started = time.monotonic()
    goes_on = lambda done: done < 300  # noqa: E731
    results = asyncio.run(one_after_another(service, WORK, THREADS, goes_on))
    return len(results) / (time.monotonic() - started)


def overloaded(service, data, rate):
    async def run():
        return await asyncio.gather(
            at_rate(service, data, rate, SECONDS), at_rate(service, HEALTH, 20, SECONDS)
        )

    started = time.monotonic()
    results, liveness = asyncio.run(run())
    return results, liveness, time.monotonic() - started


@pytest.mark.row(20)
def test_full_service_answers_503_with_retry_after(serve):
    with serve(
        "slow_model:Slow", SERVICE__THREADS=1, HARDENING__MAX_WAITING=1, SERVICE__TIMEOUT=2
    ) as service, Client(service) as first, Client(service) as second:  # fmt: skip
        first.send(post_bytes("/predict", b'{"input":"1"}'))
        wait_for_line(service, "Making prediction")
        second.send(post_bytes("/predict", b'{"input":"0"}'))
        wait_for(lambda: metric(service, "requests_waiting") == 1)
        with Client(service) as third:
            third.send(head("POST", "/predict", content_type=JSON, content_length=1000))
            refused = third.answer()  # before its body has come
            assert_problem(refused, 503)
            assert int(refused.headers["retry-after"]) >= 1
            assert refused.seconds < at_once(service, 0.1)
        assert first.answer().status == second.answer().status == 200
        assert metric(service, 'requests_rejected_total{reason="overload"}') == 1


@pytest.mark.long
@pytest.mark.row(20)
def test_ten_times_the_capacity_changes_little(limited, record_property):
    possible, pid = capacity(limited), limited.process.pid
    idle = memory(pid)
    forget_peak(pid)
    results, liveness, seconds = overloaded(limited, WORK, 10 * possible)
    assert {result.status for result in results} == {200, 503}
    assert {result.status for result in liveness} == {200}
    done = [result for result in results if result.status == 200]
    refused = [result for result in results if result.status == 503]
    goodput = len(done) / seconds / possible * 100
    slowest, alive = percentile(refused, 0.99), percentile(liveness, 0.99)
    more = peak_memory(pid) - idle
    record_property(
        "number",
        f"ten-fold overload: goodput {goodput:.0f} % of {possible:.0f}/s, "
        f"503 p99 {slowest:.1f} ms, liveness p99 {alive:.1f} ms, memory {more:+.0f} MB",
    )
    assert goodput >= 80
    assert slowest <= 50
    assert alive <= 100
    assert more <= 32


@pytest.mark.long
@pytest.mark.row(20, 21)
def test_large_bodies_at_ten_times_the_capacity_stay_in_the_budget(limited, record_property):
    possible, pid = capacity(limited), limited.process.pid
    idle = memory(pid)
    forget_peak(pid)
    results, _, _ = overloaded(limited, LARGE, 10 * possible)
    more = peak_memory(pid) - idle
    record_property("number", f"100 KB bodies at ten times the capacity: memory {more:+.0f} MB")
    assert {result.status for result in results} <= {200, 503, LOST}
    assert sum(result.status == LOST for result in results) < len(results) / 100
    assert more <= BUDGET_MB + 32


@pytest.mark.long
@pytest.mark.row(21)
def test_600_stalled_uploads_stay_in_the_budget(limited, record_property):
    pid = limited.process.pid
    idle = memory(pid)
    forget_peak(pid)
    quick = at_once(limited)
    upload = head("POST", "/predict", content_type=JSON, content_length=1_000_000)
    clients = [Client(limited) for _ in range(600)]
    for client in clients:
        client.send(upload + b" " * 300_000)
    assert min(get(limited, "/health").seconds for _ in range(3)) < quick
    statuses = [client.answer().status for client in clients]
    more = peak_memory(pid) - idle
    record_property("number", f"600 stalled uploads: memory {more:+.0f} MB")
    assert set(statuses) == {408, 503}
    assert more <= BUDGET_MB + 32
    for client in clients:
        client.socket.close()
