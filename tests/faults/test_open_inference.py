"""Rows 8 and 9, and others, over the Open Inference Protocol."""

import gzip
import json
import zlib
from functools import partial

import pytest

from . import hostile
from .client import Client, ask, get, post, post_bytes
from .hostile_tensors import BODIES, LENGTH, TEXTS
from .process import (
    forget_peak,
    log_lines,
    memory,
    peak_memory,
    send_quickly,
    wait_for,
    wait_for_line,
)

TEXT, NUMBERS = "/v2/models/dummy_classifier", "/v2/models/numbers"
GOOD = b'{"inputs":[{"name":"input","datatype":"BYTES","shape":[1],"data":["good"]}]}'


def sent(service, path, body, headers):
    """Send without a content type, as Triton's client does."""
    names = {name.replace("-", "_"): value for name, value in headers.items()}
    return post(service, path, body, content_type="", **names)


def faults_of(service, path, bodies):
    """Send hostile bodies; return those without a small and quick 4xx of the protocol."""
    wrong = {}
    for name, (_, body, headers) in bodies.items():
        answers, seconds = send_quickly(service, partial(sent, service, path, body, headers))
        if seconds > 0.1 or not all(map(is_refusal, answers)):
            wrong[name] = f"{answers[0].status}, {seconds * 1000:.0f} ms, {answers[0].body[:99]!r}"
    assert get(service, "/health").status == 200
    return wrong


def is_refusal(answer):
    if not 400 <= answer.status < 500 or len(answer.body) > 2048:
        return False
    return answer.headers["content-type"] == "application/json" and [*answer.json()] == ["error"]


@pytest.mark.row(2, 3, 4, 5, 6, 7, 8, 9)
@pytest.mark.parametrize("row", [2, 3, 4, 5, 6, 7, 8, 9], ids=lambda row: f"row {row}")
def test_hostile_tensors_are_refused_in_2_kb_and_100_ms(numbers, row):
    bodies = {name: body for name, body in BODIES.items() if body[0] == row}
    assert bodies
    assert not faults_of(numbers, f"{NUMBERS}/infer", bodies)


@pytest.mark.row(7)
@pytest.mark.parametrize(
    ("model", "shape"),
    [("Pixels", [1, 10**6]), ("Positive", [1, 1000, 1000]), ("Positive", [1, 1, 10**6])],
)
def test_a_megabyte_of_integers_that_do_not_fit_is_refused(serve, model, shape):
    header = {"name": "input", "datatype": "INT8", "shape": shape}
    header["parameters"] = {"binary_data_size": 10**6}
    head = json.dumps({"inputs": [header]}).encode()
    with serve(f"numbers_model:{model}") as service:
        body = head + b"\xff" * 10**6
        send = partial(sent, service, f"{NUMBERS}/infer", body, {LENGTH: len(head)})
        answers, seconds = send_quickly(service, send)
    assert all(map(is_refusal, answers))
    assert seconds <= 0.1


@pytest.mark.row(2, 8, 9)
def test_hostile_texts_are_refused_in_2_kb_and_100_ms(text):
    assert not faults_of(text, f"{TEXT}/versions/1.0.0/infer", TEXTS)


@pytest.mark.row(1, 2, 3, 4, 5, 6, 7)
@pytest.mark.parametrize("route", ["infer", "generate", "generate_stream"])
def test_bodies_that_no_route_takes_are_refused_in_2_kb_and_100_ms(text, route):
    bodies = {name: (row, body, {}) for name, (row, body) in hostile.BODIES.items()}
    assert not faults_of(text, f"{TEXT}/{route}", bodies)


@pytest.mark.row(8)
def test_hostile_tensors_leave_no_traceback(numbers):
    for name, (_, body, headers) in BODIES.items():
        sent(numbers, f"{NUMBERS}/infer", body, headers)
        assert not log_lines(numbers, "Traceback"), name


@pytest.mark.row(11)
@pytest.mark.parametrize(("encoding", "wbits"), [("gzip", 31), ("deflate", 15)])
def test_bomb_of_a_tensor_is_413_and_costs_no_memory(text, encoding, wbits):
    packer = zlib.compressobj(9, wbits=wbits)
    pieces = [packer.compress(bytes(1_000_000)) for _ in range(200)]
    bomb = b"".join([*pieces, packer.flush()])
    before = memory(text.process.pid)
    forget_peak(text.process.pid)
    answer = post(text, f"{TEXT}/infer", bomb, content_encoding=encoding, content_type="")
    assert (answer.status, [*answer.json()]) == (413, ["error"])
    assert peak_memory(text.process.pid) - before < 40


@pytest.mark.row(10)
def test_encodings_of_a_tensor(text):
    for body, encoding, status in (
        (gzip.compress(GOOD), "gzip", 200),
        (zlib.compress(GOOD), "deflate", 200),
        (GOOD, "gzip", 400),
        (gzip.compress(GOOD)[:-1], "gzip", 400),
        (GOOD, "br", 415),
    ):
        answer = post(text, f"{TEXT}/infer", body, content_encoding=encoding, content_type="")
        assert answer.status == status, (encoding, answer)
        if status != 200:
            assert [*answer.json()] == ["error"]


@pytest.mark.row(12)
def test_body_over_the_limit_is_413_in_the_form_of_the_protocol(text):
    answer = ask(text, post_bytes(f"{TEXT}/infer", b"", content_length=10_000_001))
    assert (answer.status, [*answer.json()]) == (413, ["error"])


@pytest.mark.row(17)
def test_unknown_models_and_versions_are_404_in_the_form_of_the_protocol(text):
    for path in ("/v2/models/x/infer", f"{TEXT}/versions/2/infer", "/v2/models/" + "x" * 9000):
        answer = post(text, path, GOOD)
        assert (answer.status, [*answer.json()]) == (404, ["error"])
        assert len(answer.body) < 2048


@pytest.mark.row(20)
def test_overload_is_503_in_the_form_of_the_protocol(serve):
    limits = {"HARDENING__MAX_WAITING": 0, "SERVICE__THREADS": 1, "MODEL__CACHE_SIZE": 0}
    tensor = {"name": "input", "datatype": "BYTES", "shape": [1], "data": ["0"]}
    with serve("slow_model:Slow", **limits) as service, Client(service) as client:
        client.send(post_bytes("/predict", b'{"input":"1 busy"}'))
        wait_for_line(service, "begin busy")
        answer = post(service, "/v2/models/slow/infer", {"inputs": [tensor]})
        assert (answer.status, [*answer.json()]) == (503, ["error"])
        assert answer.headers["retry-after"] == "1"


@pytest.mark.row(23)
def test_prediction_beyond_its_datatype_is_an_error_of_the_model(serve):
    header = {
        "inputs": [{"name": "input", "datatype": "FP64", "shape": [1, 1], "data": [1e300]}],
        "parameters": {"binary_data_output": True},
    }
    with serve("numbers_model:Numbers") as service:
        answer = post(service, f"{NUMBERS}/infer", header)
        assert (answer.status, [*answer.json()]) == (500, ["error"])
        assert "does not fit FP32" in answer.json()["error"]


@pytest.fixture(scope="module")
def stream(serve):
    limits = {"SERVICE__THREADS": 1, "HARDENING__MAX_WAITING": 1, "SERVICE__TIMEOUT": 1}
    with serve("stream_model:Stream", **limits) as service:
        yield service


def begin(service, text, name):
    """Request a stream, and wait for its first chunk."""
    client = Client(service)
    body = json.dumps({"text_input": f"{text} {name}"}).encode()
    client.send(post_bytes("/v2/models/stream/generate_stream", body, x_request_id=name))
    wait_for_line(service, f"part 0 of {name}")
    return client


@pytest.mark.row(19)
def test_stream_of_a_client_that_left_ends_and_gives_its_place_to_the_next(stream):
    for number in range(3):  # there is one slot, and one request may wait
        with begin(stream, "0.05", f"left-{number}"):
            pass
        wait_for_line(stream, f"closed left-{number}")
        wait_for_line(
            stream, "Ended a stream: its client disconnected", f"request_id=left-{number}"
        )
        assert len(log_lines(stream, f"of left-{number}")) < 20


@pytest.mark.row(13)
def test_stream_that_nobody_reads_ends(stream):
    with begin(stream, "0", "large-unread"):
        wait_for(lambda: log_lines(stream, "closed large-unread"))
        assert log_lines(stream, "stopped reading", "request_id=large-unread")
        assert len(log_lines(stream, "of large-unread")) < 50
    with begin(stream, "0", "after-unread") as client:
        assert b'"99 "' in client.answer().body


@pytest.mark.row(25)
def test_part_that_does_not_come_in_time_is_the_last_event(stream):
    with begin(stream, "0.4", "in-time") as client:
        client.socket.close()
    with Client(stream) as client:
        body = b'{"text_input":"2 late"}'
        client.send(post_bytes("/v2/models/stream/generate_stream", body))
        answer = client.answer()
    assert (answer.status, answer.json()) == (504, {"error": "No chunk within 1 s"})
