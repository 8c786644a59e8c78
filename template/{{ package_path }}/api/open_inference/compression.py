"""Inflate request bodies and compress responses, for routes that handle both themselves."""

import asyncio
import zlib

from fastapi import HTTPException, Request

from ..content_encoding import WINDOW_BITS, EncodingError, check_encoding, inflate
from ..dependencies import RequestState
from ..request_cost import check_cost, too_large

MAX_INFLATED = 100_000_000  # bytes; with `hardening`, its own limit applies first
MIN_COMPRESSED = 1000  # bytes; smaller responses are not worth compressing
FAST = 1  # zlib's level: compression may block the event loop


async def read_inflated(request: Request) -> bytes:
    """Read a body and inflate it.

    Raises:
        HTTPException: The body does not match its `Content-Encoding`, or is too large.
    """
    state: RequestState = request.scope["state"]
    content = state.get("body")
    if content is not None:
        return content  # not compressed, or inflated by `hardening`
    content = await request.body()
    encoding = request.headers.get("content-encoding", "").lower().encode()
    slices: list[bytes] = []
    try:
        for chunk in inflate(content, encoding) if check_encoding(encoding) else (content,):
            slices.append(chunk)
            if sum(map(len, slices)) > MAX_INFLATED:
                raise HTTPException(413, too_large(MAX_INFLATED))
            await asyncio.sleep(0)
    except EncodingError as exc:
        raise HTTPException(exc.status, str(exc)) from exc
    inflated = b"".join(slices)
    check_cost(request.scope, inflated)
    return inflated


def compress(content: bytes, accepted: str) -> tuple[bytes, str]:
    """Compress a response as `Accept-Encoding` allows; return it with its encoding."""
    if not accepted or len(content) < MIN_COMPRESSED:
        return content, ""
    choices = [item.partition(";q=") for item in accepted.lower().replace(" ", "").split(",")]
    names = {name for name, _, weight in choices if not weight or weight.strip("0.")}
    for encoding, window_bits in WINDOW_BITS.items():
        if encoding.decode() in names:
            zipped = zlib.compressobj(FAST, zlib.DEFLATED, window_bits)
            return zipped.compress(content) + zipped.flush(), encoding.decode()
    return content, ""
