"""Compressed request bodies."""

import zlib
from collections.abc import Iterator

from starlette.types import Scope

from .dependencies import RequestState

WINDOW_BITS = {b"gzip": 31, b"deflate": 15}  # zlib's parameter
OF_THE_BODY = {b"content-encoding", b"content-length", b"transfer-encoding"}
SLICE = 1_000_000  # bytes inflated at a time


class EncodingError(Exception):
    """The body does not match its `Content-Encoding`, or the encoding is unknown.

    Args:
        status: HTTP status: 400 or 415.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


def check_encoding(encoding: bytes) -> bool:
    """Return whether a body is compressed.

    Raises:
        EncodingError: The encoding is neither gzip nor deflate.
    """
    if encoding in {b"", b"identity"}:
        return False
    if encoding not in WINDOW_BITS:
        raise EncodingError("Content-Encoding must be gzip or deflate", 415)
    return True


def inflate(content: bytes, encoding: bytes) -> Iterator[bytes]:
    """Inflate a body in slices, so that the caller can stop or yield between them.

    Raises:
        EncodingError: The body does not match its `Content-Encoding`.
    """
    zipped = zlib.decompressobj(WINDOW_BITS[encoding])
    wrong = EncodingError("The body does not match its Content-Encoding", 400)
    while not zipped.eof:
        try:
            inflated = zipped.decompress(content, SLICE)
        except zlib.error as exc:
            raise wrong from exc
        content = zipped.unconsumed_tail
        if not inflated and not content and not zipped.eof:
            raise wrong  # truncated
        yield inflated
    if zipped.unused_data:
        raise wrong


def describe_as_inflated(scope: Scope) -> None:
    """Update the headers of a request to describe the inflated body in `scope["state"]`."""
    state: RequestState = scope["state"]
    length = (b"content-length", str(len(state["body"])).encode())
    scope["headers"] = [*(h for h in scope["headers"] if h[0] not in OF_THE_BODY), length]
    state["headers"] = dict(scope["headers"])
