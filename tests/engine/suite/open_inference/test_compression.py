"""Compressed requests and compressed responses."""

import asyncio
import gzip
import zlib
from typing import Any

import pytest
from fastapi import HTTPException, Request

from src.api.open_inference import compression
from src.api.open_inference.compression import MIN_COMPRESSED, compress, read_inflated

LONG = b"a" * MIN_COMPRESSED


def read(content, encoding, **state):
    async def receive():
        return {"type": "http.request", "body": content}

    headers = [(b"content-encoding", encoding)] if encoding else []
    scope = {"type": "http", "headers": headers, "state": state}
    return asyncio.run(read_inflated(Request(scope, receive)))


@pytest.mark.parametrize(
    ("encoding", "content"),
    [(b"", b"abc"), (b"gzip", gzip.compress(b"abc")), (b"Deflate", zlib.compress(b"abc"))],
)
def test_body_is_inflated(encoding, content):
    assert read(content, encoding) == b"abc"


def test_body_that_was_inflated_already_is_taken():
    assert read(b"", b"gzip", body=b"abc") == b"abc"


@pytest.mark.parametrize(
    ("content", "encoding", "status"),
    [
        (gzip.compress(bytes(100)), b"gzip", 413),
        (bytes(100), b"", 413),
        (b"abc", b"gzip", 400),
        (gzip.compress(b"abc")[:-1], b"gzip", 400),
        (b"abc", b"br", 415),
    ],
)
def test_body_that_cannot_be_read_is_refused(monkeypatch, content, encoding, status):
    monkeypatch.setattr(compression, "MAX_INFLATED", 99)
    with pytest.raises(HTTPException) as error:
        read(content, encoding)
    assert error.value.status_code == status


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip", "gzip"),
        ("deflate", "deflate"),
        ("br, Deflate;q=0.5", "deflate"),
        ("gzip, deflate", "gzip"),
        ("gzip;q=0, deflate;q=0.0", ""),
        ("identity", ""),
        ("", ""),
    ],
)
def test_answer_is_compressed_as_it_may_be(accepted, encoding):
    content, used = compress(LONG, accepted)
    inflate: Any = {"gzip": gzip.decompress, "deflate": zlib.decompress}.get(encoding, bytes)
    assert (used, inflate(content)) == (encoding, LONG)


def test_short_answer_is_not_compressed():
    assert compress(LONG[1:], "gzip") == (LONG[1:], "")
