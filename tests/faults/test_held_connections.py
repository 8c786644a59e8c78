"""Rows 39, 41 and 42: clients that hold connections, and do nothing with them."""

import json
import resource
import socket
import time
from contextlib import ExitStack

import pytest

from tools.service import running

from .client import JSON, Client, address, get, head, post, post_bytes
from .process import log_lines, metric, wait_for

DESCRIPTORS, HOSTILE = 256, 250
PATIENCE_S = 15
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
HANDSHAKE = {"connection": "upgrade", "upgrade": "websocket", "sec_websocket_key": KEY}
LARGE = "/static-offline-docs/swagger-ui-bundle.js"
UNFINISHED = {
    "silent": b"",
    "half headers": head("GET", "/health")[:30],
    "half body": post_bytes("/predict", b"{", content_length=100),
    "half body after an offer": post_bytes("/predict", b"{", content_length=100, **HANDSHAKE),
    "half body after h2c": post_bytes(
        "/predict", b"{", content_length=100, connection="upgrade", upgrade="h2c"
    ),
    "broken handshake": head("GET", "/predict", **HANDSHAKE)[:-2] + b"sec-websocket-key: ",
    "handshake without an end": head("GET", "/predict", **HANDSHAKE)[:-2],
    "half body of a GET": head("GET", "/health", content_length=100),
    "half a chunk": head("POST", "/predict", content_type=JSON, transfer_encoding="chunked") + b"5",
}
UNREAD = {"large files that nobody reads": head("GET", LARGE) * 20}


@pytest.fixture(scope="module", params=["production", "minimal"])
def start(request, serve, serve_minimal):
    return serve if request.param == "production" else serve_minimal


@pytest.fixture(scope="module")
def crowded(start):
    with start() as service:
        assert post(service, "/predict", {"input": "good"}).status == 200
        limits = (DESCRIPTORS, DESCRIPTORS)
        resource.prlimit(service.process.pid, resource.RLIMIT_NOFILE, limits)
        yield service


def hold(service, data: bytes, count: int = HOSTILE) -> ExitStack:
    """Open connections, send the same on each, and read nothing."""
    held = ExitStack()
    for _ in range(count):
        connection = held.enter_context(socket.socket())
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(5)
        try:
            connection.connect(address(service))
            connection.send(data)
        except OSError:
            pass  # refused, as it should be
    return held


def attempt(service, ask) -> float | None:
    """Send a request on a new connection; return the seconds until there is a 200."""
    started = time.monotonic()
    try:
        return time.monotonic() - started if ask(service).status == 200 else None
    except OSError:
        return None


@pytest.mark.row(39, 41)
@pytest.mark.parametrize(
    "data", [*UNFINISHED.values(), *UNREAD.values()], ids=[*UNFINISHED, *UNREAD]
)
def test_250_connections_that_are_held_leave_room_for_others(crowded, data):
    with hold(crowded, data):
        wait_for(lambda: attempt(crowded, lambda s: get(s, "/health")), PATIENCE_S)
        prediction = lambda s: post(s, "/predict", {"input": "good"})  # noqa: E731
        wait_for(lambda: attempt(crowded, prediction), PATIENCE_S)
    assert not log_lines(crowded, "Traceback")
    assert len(log_lines(crowded, "No file descriptors left")) < 100


@pytest.mark.row(39)
@pytest.mark.parametrize("data", UNFINISHED.values(), ids=[*UNFINISHED])
def test_every_connection_has_a_deadline(strict, data):
    with Client(strict) as client:
        client.send(data)
        assert client.is_closed(within=6)


@pytest.fixture(scope="module")
def strict(serve):
    limits = {"HEADER_TIMEOUT_S": 1, "BODY_TIMEOUT_S": 1, "SEND_TIMEOUT_S": 1}
    with serve(**{f"HARDENING__{name}": value for name, value in limits.items()}) as service:
        yield service


@pytest.mark.row(41)
def test_response_that_nobody_reads_is_cut_and_counted(strict):
    with hold(strict, UNREAD["large files that nobody reads"], count=3):
        wait_for(lambda: metric(strict, 'requests_rejected_total{reason="slow_reader"}') == 3, 10)


@pytest.mark.row(41)
def test_response_that_is_read_slowly_but_steadily_comes_whole(strict):
    length = int(get(strict, LARGE).headers["content-length"])
    with Client(strict) as client:
        client.send(head("GET", LARGE, connection="close"))
        received, started = 0, time.monotonic()
        while chunk := client.socket.recv(length // 60):
            received += len(chunk)
            time.sleep(max(0, started + 4 * received / length - time.monotonic()))
    assert received > length
    assert time.monotonic() - started > 3


@pytest.mark.row(42)
def test_streams_that_nobody_reads_leave_the_model_to_others(serve):
    with serve("stream_model:Stream") as service:
        limits = (DESCRIPTORS, DESCRIPTORS)
        resource.prlimit(service.process.pid, resource.RLIMIT_NOFILE, limits)
        body = json.dumps({"text_input": "0 large"}).encode()
        with hold(service, post_bytes("/v2/models/stream/generate_stream", body)):
            wait_for(lambda: attempt(service, lambda s: get(s, "/health")), PATIENCE_S)
            fast = lambda s: post(s, "/predict", {"input": "0 others"})  # noqa: E731
            wait_for(lambda: attempt(service, fast), 30)
        assert not log_lines(service, "Traceback")


@pytest.mark.row(42)
def test_streams_that_are_hardly_read_hold_no_slot(serve):
    with serve("stream_model:Stream", SERVICE__THREADS=1, MODEL__CACHE_SIZE=0) as service:
        body = json.dumps({"text_input": "0 large"}).encode()
        with hold(service, post_bytes("/v2/models/stream/generate_stream", body), count=2) as _:
            wait_for(lambda: len(log_lines(service, "part 3 of large")) >= 2)
            answer = post(service, "/predict", {"input": "0 others"})
            assert (answer.status, answer.seconds < 3) == (200, True)


@pytest.mark.row(41)
def test_loop_of_asyncio_logs_no_traceback_without_descriptors(
    project, commands, variables, tmp_path
):
    limited = f'ulimit -n {DESCRIPTORS}; exec "$0" src.main:app --loop asyncio --port 0'
    command = ["bash", "-c", limited, str(commands / "uvicorn")]
    with running(command, cwd=project, env=variables(), log=tmp_path / "log") as service:
        with hold(service, b"GET /", count=400):
            wait_for(lambda: attempt(service, lambda s: get(s, "/health")), PATIENCE_S)
        assert not log_lines(service, "Traceback")
        assert len(log_lines(service)) < 100
