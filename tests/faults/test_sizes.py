"""Rows 10 to 12: bodies of another type, and those that are too large, or become so."""

import gzip
import http.client
import zlib

import pytest

from .client import JSON, Client, address, ask, assert_problem, get, head, post, post_bytes
from .process import forget_peak, memory, metric, peak_memory

LIMIT = 100_000
GOOD = b'{"input":"good"}'


@pytest.fixture(scope="module")
def small(serve):
    with serve(HARDENING__MAX_BODY_BYTES=LIMIT) as service:
        yield service


def bomb(wbits, megabytes=50):
    packer = zlib.compressobj(9, wbits=wbits)
    pieces = [packer.compress(b" " * 1_000_000) for _ in range(megabytes)]
    return b"".join([*pieces, packer.flush()])


@pytest.mark.row(10)
@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "json", ""]
)
@pytest.mark.parametrize("path", ["/predict", "/predict/batch"])
def test_another_content_type_is_415(text, path, kind):
    body = b'{"input":"good","inputs":["good"]}'
    assert_problem(post(text, path, body, content_type=kind), 415)


@pytest.mark.row(10)
@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "x", "\xff"])
def test_another_encoding_is_415(text, encoding):
    assert_problem(post(text, "/predict", GOOD, content_encoding=encoding), 415)


@pytest.mark.row(10)
def test_json_by_any_of_its_names_is_taken(text):
    for kind in ("application/json; charset=utf-8", "APPLICATION/JSON", "application/x+json"):
        assert post(text, "/predict", GOOD, content_type=kind).status == 200, kind


@pytest.mark.row(12)
def test_client_that_sends_far_too_much_in_one_go_gets_its_answer(text):
    connection = http.client.HTTPConnection(*address(text), timeout=120)
    connection.request("POST", "/predict", b" " * 15_000_000, {"content-type": JSON})
    assert connection.getresponse().status == 413


@pytest.mark.row(11)
def test_body_is_described_as_it_is_after_decompression(small):
    for kind in ("application/json", "text/plain"):  # past FastAPI's handler, and to it
        answer = post(
            small, "/predict", gzip.compress(GOOD), content_encoding="gzip", content_type=kind
        )
        assert answer.status == (200 if kind == JSON else 415)


@pytest.mark.row(11)
@pytest.mark.parametrize(("encoding", "wbits"), [("gzip", 31), ("deflate", 15)])
def test_bomb_is_413_and_memory_stays_flat(small, encoding, wbits):
    body, before = bomb(wbits), memory(small.process.pid)
    assert len(body) < LIMIT
    forget_peak(small.process.pid)
    assert_problem(post(small, "/predict", body, content_encoding=encoding), 413)
    assert peak_memory(small.process.pid) < before + 8


@pytest.mark.row(11)
def test_compressed_bodies_are_read_and_broken_ones_are_400(small):
    zipped = gzip.compress(GOOD)
    assert post(small, "/predict", zipped, content_encoding="GZIP").status == 200
    assert_problem(post(small, "/predict", GOOD, content_encoding="gzip"), 400)
    assert_problem(post(small, "/predict", zipped[:-12], content_encoding="gzip"), 400, 422)
    corrupt = zipped[:15] + b"\xff\xff\xff" + zipped[18:]
    assert_problem(post(small, "/predict", corrupt, content_encoding="gzip"), 400, 422)


@pytest.mark.row(12)
@pytest.mark.parametrize("length", [LIMIT + 1, 10**12, 10**18])
def test_body_that_is_declared_too_large_is_413_before_it_comes(small, length):
    with Client(small) as client:
        client.send(head("POST", "/predict", content_type=JSON, content_length=length))
        answer = client.answer()
        assert_problem(answer, 413)
        assert answer.headers["connection"] == "close"
        assert client.is_closed()


@pytest.mark.row(12)
def test_chunked_body_that_grows_too_large_is_413_and_memory_stays_flat(small):
    before, sent = memory(small.process.pid), 0
    forget_peak(small.process.pid)
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    with Client(small) as client:
        client.send(head("POST", "/predict", content_type=JSON, transfer_encoding="chunked"))
        for _ in range(1000):
            try:
                client.socket.sendall(chunk)
            except OSError:
                break
            sent += 1
        assert_problem(client.answer(), 413)
        assert client.is_closed()
    assert sent < 200
    assert peak_memory(small.process.pid) < before + 8


@pytest.mark.row(12)
def test_body_of_just_the_limit_is_served_and_refusals_are_counted(small):
    body = b'{"input":"good' + b" " * (LIMIT - 16) + b'"}'
    assert len(body) == LIMIT
    assert post(small, "/predict", body).status == 200
    before = metric(small, 'requests_rejected_total{reason="large_body"}')
    assert_problem(ask(small, post_bytes("/predict", body + b" ")), 413)
    assert metric(small, 'requests_rejected_total{reason="large_body"}') == before + 1
    assert get(small, "/health").status == 200
