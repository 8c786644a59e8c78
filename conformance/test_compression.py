"""Compressed requests and answers."""

import gzip
import zlib
from dataclasses import replace

import pytest

from conformance.answer import Answer
from conformance.checks import client_error
from conformance.subject import JSON

COMPRESS = {"gzip": gzip.compress, "deflate": zlib.compress}
DECOMPRESS = {"gzip": gzip.decompress, "deflate": zlib.decompress}


def answer_to_compressed(subject, coding, body, headers):
    response = subject.infer(COMPRESS[coding](body), {**headers, "Content-Encoding": coding})
    if response.status == 415:
        pytest.skip(f"the server answers 415 to {coding}")
    return Answer(response)


@pytest.mark.statement("gzip-request")
def test_request_may_be_compressed_with_gzip(subject, example, same):
    plain = subject.answer(example.body())
    body = subject.encoded(example.body())
    same(answer_to_compressed(subject, "gzip", body, JSON), plain)


@pytest.mark.statement("deflate-request")
def test_request_may_be_compressed_with_deflate(subject, example, same):
    plain = subject.answer(example.body())
    body = subject.encoded(example.body())
    same(answer_to_compressed(subject, "deflate", body, JSON), plain)


@pytest.mark.statement("compressed-binary")
@pytest.mark.extension("binary_tensor_data")
@pytest.mark.parametrize("coding", COMPRESS)
def test_header_length_counts_what_is_in_the_compressed_body(subject, example, same, coding):
    plain = subject.answer(example.body())
    same(answer_to_compressed(subject, coding, *example.binary()), plain)


@pytest.mark.statement("broken-compression")
@pytest.mark.parametrize("coding", COMPRESS)
def test_body_that_is_not_as_its_encoding_says_is_refused(subject, example, coding):
    compressed = COMPRESS[coding](subject.encoded(example.body()))
    headers = {**JSON, "Content-Encoding": coding}
    for body in (b"not compressed", compressed[: len(compressed) // 2]):
        client_error(subject.infer(body, headers))


@pytest.mark.statement("unknown-compression")
def test_encoding_that_nobody_knows_is_refused(subject, example):
    headers = {**JSON, "Content-Encoding": "conformance"}
    client_error(subject.infer(b"\0" + subject.encoded(example.body()), headers))


@pytest.mark.statement("compressed-answer")
@pytest.mark.parametrize("accepted", ["gzip", "deflate", "identity"])
def test_answer_is_compressed_as_accepted_or_not_at_all(subject, example, same, accepted):
    plain = subject.answer(example.body())
    response = subject.infer(example.body(), {**JSON, "Accept-Encoding": accepted})
    used = response.headers.get("content-encoding", "identity")
    assert used in (accepted, "identity"), f"expected {accepted} or none; got {used}"
    if used != "identity":
        response = replace(response, body=DECOMPRESS[used](response.body))
    same(Answer(response), plain)
