"""Compressed bodies, slice by slice."""

import gzip
import zlib
from typing import Any

import pytest

from src.api import content_encoding
from src.api.content_encoding import EncodingError, check_encoding, inflate

TEXT = b'{"input": "This is good"}'


@pytest.mark.parametrize("size", [1, 10, 1000])
@pytest.mark.parametrize(
    ("encoding", "body"), [(b"gzip", gzip.compress(TEXT)), (b"deflate", zlib.compress(TEXT))]
)
def test_body_is_what_was_sent_before_it_was_compressed(monkeypatch, encoding, body, size):
    monkeypatch.setattr(content_encoding, "SLICE", size)
    slices = list(inflate(body, encoding))
    assert (b"".join(slices), max(map(len, slices)) <= size) == (TEXT, True)


def test_body_that_is_not_compressed_is_told_from_one_that_is():
    assert [check_encoding(name) for name in (b"", b"identity", b"gzip")] == [False, False, True]


def test_unknown_encoding_is_415():
    with pytest.raises(EncodingError, match="gzip or deflate") as error:
        check_encoding(b"br")
    assert error.value.status == 415


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        (b"gzip", TEXT),
        (b"deflate", TEXT),
        (b"deflate", gzip.compress(TEXT)),
        (b"gzip", gzip.compress(TEXT)[:-8] + b"badcheck"),
        (b"gzip", gzip.compress(TEXT)[:-4]),
        (b"gzip", gzip.compress(TEXT) + b"more"),
        (b"gzip", b""),
    ],
    ids=["no gzip", "no deflate", "the other", "wrong check sum", "cut", "with more", "empty"],
)
def test_body_that_is_not_what_it_says_is_400(encoding, body):
    with pytest.raises(EncodingError, match="does not match its Content-Encoding") as error:
        list(inflate(body, encoding))
    assert error.value.status == 400


def test_headers_describe_the_body_as_it_is_inflated():
    sent = [(b"content-encoding", b"gzip"), (b"x", b"1"), (b"x", b"2"), (b"content-length", b"9")]
    scope: dict[str, Any] = {"headers": sent, "state": {"body": TEXT}}
    content_encoding.describe_as_inflated(scope)
    assert scope["headers"] == [(b"x", b"1"), (b"x", b"2"), (b"content-length", b"25")]
    assert scope["state"]["headers"] == {b"x": b"2", b"content-length": b"25"}
