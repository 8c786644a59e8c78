"""Rows 13 to 15: clients that are slow, silent or talkative."""

import time
from contextlib import suppress

import pytest

from .client import JSON, Client, assert_problem, get, head
from .process import at_once, forget_peak, memory, metric, peak_memory, wait_for

GET = head("GET", "/health")
UPLOAD = head("POST", "/predict", content_type=JSON, content_length=100)
CHUNKED = head("POST", "/predict", content_type=JSON, transfer_encoding="chunked")
CLOSED_WITHIN = 120  # seconds; the deadline is one, but the machine may be busy


@pytest.fixture(scope="module")
def strict(serve):
    limits = {"HARDENING__HEADER_TIMEOUT_S": 1, "HARDENING__BODY_TIMEOUT_S": 1}
    with serve(HARDENING__MAX_HEADER_BYTES=16_000, **limits) as service:
        yield service


@pytest.mark.row(13)
def test_body_that_does_not_come_is_408_and_the_connection_is_closed(strict):
    clients, started = [Client(strict) for _ in range(4)], time.monotonic()
    starts = [UPLOAD, UPLOAD + b"{", CHUNKED, CHUNKED + b"1\r\n{\r\n"]
    for client, start in zip(clients, starts, strict=True):
        client.send(start)
    for client in clients:
        with client:
            answer = client.answer()
            assert_problem(answer, 408)
            assert answer.headers["connection"] == "close"
            assert client.is_closed()
    assert time.monotonic() - started > 0.5


@pytest.mark.row(13)
def test_body_that_comes_byte_by_byte_is_408_too(strict):
    with Client(strict) as client:
        client.send(UPLOAD)

        def is_answered():
            client.send(b" ")
            with suppress(TimeoutError):
                return client.answer()

        client.socket.settimeout(0.1)
        assert_problem(wait_for(is_answered, CLOSED_WITHIN), 408)


@pytest.mark.row(14)
def test_500_silent_sockets_are_closed_and_counted_and_others_are_served(strict):
    before, quick = rejected(strict), at_once(strict)
    clients = [Client(strict) for _ in range(500)]
    for client in clients[::2]:
        client.send(GET[:20])
    assert min(get(strict, "/health").seconds for _ in range(3)) < quick
    deadline = time.monotonic() + CLOSED_WITHIN
    for client in clients:
        with client:
            assert client.is_closed(max(0.01, deadline - time.monotonic()))
    assert rejected(strict) - before == 500


def rejected(service):
    """Count those that were late, and those that went first where descriptors ran short."""
    reasons = ("headers", "connections")
    return sum(metric(service, f'requests_rejected_total{{reason="{r}"}}') for r in reasons)


@pytest.mark.row(14)
@pytest.mark.parametrize(
    ("first", "then"),
    [
        (GET, b"\r\n"),
        (GET, b"GET /health HTTP/1.1\r\n"),
        (head("GET", "/health", content_length=100), b"x"),
    ],
    ids=["an empty line", "half a request", "a byte of a body nobody waits for"],
)
def test_connection_that_falls_silent_after_a_request_is_closed(strict, first, then):
    with Client(strict) as client:
        client.send(first)
        assert client.answer().status == 200
        client.send(then)
        assert client.is_closed(CLOSED_WITHIN)  # Uvicorn keeps idle connections for 5 s


@pytest.mark.row(14)
def test_headers_that_come_line_by_line_are_closed_at_the_deadline(strict):
    with Client(strict) as client:
        client.send(GET[:-2])

        def is_closed():
            client.send(b"x: y\r\n")
            return client.is_closed(0.1)

        wait_for(is_closed, CLOSED_WITHIN)


@pytest.mark.row(15)
@pytest.mark.parametrize(
    "start",
    [GET[:-2], b"GET /" + b"x" * 100, CHUNKED + b"1\r\n{\r\n0\r\n"],
    ids=["headers", "one header", "trailers"],
)
def test_flood_of_headers_is_431_or_closed_and_memory_stays_flat(strict, start):
    line = b"x" * 1000 if b"xxx" in start else b"".join(b"x-%d: y\r\n" % n for n in range(1000))
    before = memory(strict.process.pid)
    forget_peak(strict.process.pid)
    with Client(strict) as client:
        client.send(start)
        for _ in range(50_000_000 // len(line)):
            try:
                client.socket.sendall(line)
            except OSError:
                break
        else:
            pytest.fail("it listened to the end")
        with suppress(ConnectionError):
            assert client.answer().status in {400, 408, 431}
    assert peak_memory(strict.process.pid) < before + 8
