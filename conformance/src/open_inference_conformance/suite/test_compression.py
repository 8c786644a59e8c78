"""Compressed requests and responses."""

import gzip
import zlib
from dataclasses import replace

import pytest

from open_inference_conformance.checks import client_error
from open_inference_conformance.response import InferenceResponse
from open_inference_conformance.subject import JSON

COMPRESS = {"gzip": gzip.compress, "deflate": zlib.compress}
DECOMPRESS = {"gzip": gzip.decompress, "deflate": zlib.decompress}


def infer_compressed(subject, coding, body, headers):
    response = subject.post_infer(COMPRESS[coding](body), {**headers, "Content-Encoding": coding})
    if response.status == 415:
        pytest.skip(f"the server returned 415 to {coding}")
    return InferenceResponse(response)


@pytest.mark.statement("gzip-request")
def test_request_may_be_compressed_with_gzip(subject, example, same):
    plain = subject.infer(example.body())
    body = subject.encoded(example.body())
    same(infer_compressed(subject, "gzip", body, JSON), plain)


@pytest.mark.statement("deflate-request")
def test_request_may_be_compressed_with_deflate(subject, example, same):
    plain = subject.infer(example.body())
    body = subject.encoded(example.body())
    same(infer_compressed(subject, "deflate", body, JSON), plain)


@pytest.mark.statement("compressed-binary")
@pytest.mark.extension("binary_tensor_data")
@pytest.mark.parametrize("coding", COMPRESS)
def test_header_length_counts_what_is_in_the_compressed_body(subject, example, same, coding):
    plain = subject.infer(example.body())
    same(infer_compressed(subject, coding, *example.binary()), plain)


@pytest.mark.statement("broken-compression")
@pytest.mark.parametrize("coding", COMPRESS)
def test_body_that_is_not_as_its_encoding_says_is_rejected(subject, example, coding):
    compressed = COMPRESS[coding](subject.encoded(example.body()))
    headers = {**JSON, "Content-Encoding": coding}
    for body in (b"not compressed", compressed[: len(compressed) // 2]):
        client_error(subject.post_infer(body, headers))


@pytest.mark.statement("unknown-compression")
def test_encoding_that_nobody_knows_is_rejected(subject, example):
    headers = {**JSON, "Content-Encoding": "conformance"}
    client_error(subject.post_infer(b"\0" + subject.encoded(example.body()), headers))


@pytest.mark.statement("compressed-answer")
@pytest.mark.parametrize("accepted", ["gzip", "deflate", "identity"])
def test_response_is_compressed_as_accepted_or_not_at_all(subject, example, same, accepted):
    plain = subject.infer(example.body())
    response = subject.post_infer(example.body(), {**JSON, "Accept-Encoding": accepted})
    used = response.headers.get("content-encoding", "identity")
    assert used in (accepted, "identity"), f"expected {accepted} or none; got {used}"
    if used != "identity":
        response = replace(response, body=DECOMPRESS[used](response.body))
    same(InferenceResponse(response), plain)
