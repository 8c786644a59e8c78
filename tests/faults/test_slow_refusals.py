"""Row 46: a rejected client gets its response at once."""

import gzip

import pytest

from .client import JSON, Client, ask, assert_problem, head, post, post_bytes

SOON = 0.5  # seconds; what used to wait took one
JUNK = b"no gzip at all"
GOOD = b'{"input":"good"}'
TOO_LARGE = 10_000_001


def soonest(tries):
    """Return the quickest of a few responses: the machine may be busy."""
    answers = [tries() for _ in range(3)]
    return min(answers, key=lambda answer: answer.seconds)


@pytest.mark.row(46)
@pytest.mark.parametrize("body", [JUNK, gzip.compress(GOOD)[:-1], gzip.compress(GOOD) + b"x", b""])
def test_body_that_is_not_what_its_encoding_says_is_400_once_it_is_read(text, body):
    answer = soonest(lambda: post(text, "/predict", body, content_encoding="gzip"))
    assert_problem(answer, 400)
    assert answer.seconds < SOON


@pytest.mark.row(46)
@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (413, {"content_length": TOO_LARGE}),
        (415, {"content_length": 20, "content_encoding": "br"}),
        (413, {"content_length": 10**9, "content_encoding": "gzip"}),
    ],
)
@pytest.mark.parametrize("expect", [{}, {"expect": "100-continue"}])
def test_body_that_is_rejected_by_its_headers_is_not_asked_for(text, status, headers, expect):
    sent = head("POST", "/predict", content_type=JSON, **headers, **expect)
    answer = soonest(lambda: ask(text, sent))
    assert_problem(answer, status)  # and no `100 Continue` before it
    assert answer.headers["connection"] == "close"
    assert answer.seconds < SOON


@pytest.mark.row(46)
def test_chunked_body_is_413_when_it_becomes_too_large(text):
    chunk = b"%x\r\n%s\r\n" % (TOO_LARGE, b" " * TOO_LARGE)
    sent = head("POST", "/predict", content_type=JSON, transfer_encoding="chunked") + chunk
    answers = []
    for _ in range(3):
        with Client(text) as client:
            client.send(sent)
            answers.append(client.answer())
    assert_problem(answers[0], 413)
    assert min(answer.seconds for answer in answers) < SOON


@pytest.mark.row(46)
def test_client_that_may_send_is_told_so_and_served(text):
    with Client(text) as client:
        top = head(
            "POST", "/predict", content_type=JSON, content_length=len(GOOD), expect="100-continue"
        )
        client.send(top)
        assert client.socket.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.send(GOOD)
        assert client.answer().status == 200


@pytest.mark.row(46)
def test_minimal_rejects_at_once_what_is_too_large(minimal):
    with minimal() as service:
        for expect in ({}, {"expect": "100-continue"}):
            sent = head("POST", "/predict", content_type=JSON, content_length=TOO_LARGE, **expect)
            answer = soonest(lambda sent=sent: ask(service, sent))
            assert_problem(answer, 413)
            assert answer.seconds < SOON
            assert ("connection" in answer.headers) == bool(expect)
        whole = post_bytes("/predict", b" " * TOO_LARGE)
        with Client(service) as client:  # which is read on, so the connection can be used again
            client.send(whole)
            assert client.answer().status == 413
            client.send(post_bytes("/predict", GOOD))
            assert client.answer().status == 200
