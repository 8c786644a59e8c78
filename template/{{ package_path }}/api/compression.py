"""Compressed bodies where nothing else sees to them: requests inflated, answers compressed."""

import zlib

from fastapi import HTTPException, Request

from .encodings import WINDOW_BITS, EncodingError, create_inflater

MAX_INFLATED = 100_000_000  # bytes; with `hardening`, its own limit comes first
MIN_COMPRESSED = 1000  # bytes; less is not worth it
FAST = 1  # of zlib's levels: the event loop waits for it


async def read_inflated(request: Request) -> bytes:
    """Read a body, inflated.

    Raises:
        HTTPException: It is not what its `Content-Encoding` says, or too large.
    """
    content: bytes | None = request.scope["state"].get("body")
    if content is not None:
        return content  # `hardening` has read it
    content = await request.body()
    try:
        inflate = create_inflater(request.headers.get("content-encoding", "").lower().encode())
        inflated = inflate(content, MAX_INFLATED + 1, True)  # noqa: FBT003  (the last chunk)
    except EncodingError as exc:
        raise HTTPException(exc.status, str(exc)) from exc
    if len(inflated) > MAX_INFLATED:
        raise HTTPException(413, f"The body may have {MAX_INFLATED} bytes")
    return inflated


def compress(content: bytes, accepted: str) -> tuple[bytes, str]:
    """Compress an answer as the header `Accept-Encoding` allows; give it with its encoding."""
    if not accepted or len(content) < MIN_COMPRESSED:
        return content, ""
    choices = [part.partition(";q=") for part in accepted.lower().replace(" ", "").split(",")]
    names = {name for name, _, weight in choices if not weight or weight.strip("0.")}
    for encoding, window_bits in WINDOW_BITS.items():
        if encoding.decode() in names:
            zipped = zlib.compressobj(FAST, zlib.DEFLATED, window_bits)
            return zipped.compress(content) + zipped.flush(), encoding.decode()
    return content, ""
