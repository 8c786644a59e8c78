"""Bodies that are sent compressed."""

import zlib
from collections.abc import Callable

from starlette.types import Scope

WINDOW_BITS = {b"gzip": 31, b"deflate": 15}  # of zlib
OF_THE_BODY = {b"content-encoding", b"content-length", b"transfer-encoding"}


class EncodingError(Exception):
    """The body is not what its `Content-Encoding` says, or that is none we know.

    Args:
        status: What HTTP calls it: 400 or 415.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


def create_inflater(encoding: bytes) -> Callable[[bytes, int, bool], bytes]:
    """Give what turns the next chunk of a body, perhaps the last, into at most so many bytes.

    Raises:
        EncodingError: Here, or from what is given.
    """
    if encoding in {b"", b"identity"}:
        return lambda chunk, *_: chunk
    if encoding not in WINDOW_BITS:
        raise EncodingError("Content-Encoding may be gzip or deflate", 415)
    zipped = zlib.decompressobj(WINDOW_BITS[encoding])

    def inflate(chunk: bytes, size: int, last: bool) -> bytes:
        try:
            inflated = zipped.decompress(chunk, size)
        except zlib.error as exc:
            raise EncodingError("The body is not what its Content-Encoding says", 400) from exc
        is_cut = last and not zipped.eof and len(inflated) < size
        if is_cut or zipped.unused_data:
            raise EncodingError("The body is not what its Content-Encoding says", 400)
        return inflated

    return inflate


def describe_as_inflated(scope: Scope) -> None:
    """Let the headers of a request describe the body that is in `scope["state"]` now."""
    length = (b"content-length", str(len(scope["state"]["body"])).encode())
    scope["headers"] = [*(h for h in scope["headers"] if h[0] not in OF_THE_BODY), length]
    scope["state"]["headers"] = dict(scope["headers"])
