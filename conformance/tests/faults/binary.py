"""Faults of the binary extension and of compression."""

import gzip
import zlib
from contextlib import suppress

from faults.faulty_servers import (
    Fault,
    action,
    always,
    calls,
    crash,
    error,
    forgive,
    instead,
    outputs,
    put,
    rejections,
    replies,
    request,
    requests,
)
from reference.protocol import LENGTH

INFER = action("infer")


def no_header(response):
    response.headers.pop(LENGTH, None)


def header_of_compressed(response):
    if "content-encoding" in response.headers:
        response.headers.pop(LENGTH, None)


def size_of_one_more(output):
    output["parameters"]["binary_data_size"] += 1


def true_is_255(response):
    """Replace bytes of 1 by 255."""
    if LENGTH in response.headers:
        length = int(response.headers[LENGTH])
        response.body = response.body[:length] + response.body[length:].replace(b"\1", b"\xff")


def own_choice_ignored(loaded):
    if loaded.get("parameters", {}).get("binary_data_output") is not None:
        for output in loaded.get("outputs", []):
            output.pop("parameters", None)


def all_or_nothing(loaded):
    """Send every output in binary form if one is requested so."""
    listed = loaded.get("outputs")
    if isinstance(listed, list) and len(listed) > 1:
        asked = [(o.get("parameters") or {}).get("binary_data") for o in listed]
        if any(asked):
            for output in listed:
                output["parameters"] = {"binary_data": True}


def latin(call):
    """Replace a letter as a wrong encoding would."""
    length = call.headers.get(LENGTH, "")
    if length.isdigit() and 0 < int(length) < len(call.body):
        rest = call.body[int(length) :]
        call.body = call.body[: int(length)] + rest.replace("ü".encode(), b"ue")


def turned(call):
    names = [i.get("name") for i in request(call).get("inputs") or [] if isinstance(i, dict)]
    return LENGTH in call.headers and names[-1:] == ["in_bool"] and len(names) == 13


def big_endian(call):
    """Reverse the bytes behind the JSON object."""
    length = call.headers.get(LENGTH, "")
    if length.isdigit() and 0 < int(length) < len(call.body):
        call.body = call.body[: int(length)] + call.body[int(length) :][::-1]


def take_for_plain(call):
    if call.headers.get("content-encoding") == "gzip":
        del call.headers["content-encoding"]


def raw_deflate(call):
    """Expect deflate without the zlib format around it, as some servers read RFC 9110."""
    if call.headers.get("content-encoding") == "deflate":
        del call.headers["content-encoding"]
        with suppress(zlib.error):
            call.body = zlib.decompress(call.body, -15)


def header_beyond_compressed(call):
    length = call.headers.get(LENGTH, "")
    coded = "content-encoding" in call.headers
    return coded and length.isdigit() and int(length) > len(call.body)


def gzip_always(call):
    if "deflate" in call.headers.get("accept-encoding", ""):
        call.headers["accept-encoding"] = "gzip"


def compress_errors(response):
    if response.status >= 400:
        response.headers["content-encoding"] = "gzip"
        response.body = gzip.compress(response.body)


BINARY = {
    "bytes-backwards": Fault(
        "binary-input", calls(INFER, big_endian), model="numbers",
        also={"compressed-binary", "triton-infer", "kserve-infer"}),
    "bytes-in-order-of-the-model": Fault("binary-input-mixed", instead(turned, error)),
    "bytes-in-another-encoding": Fault("binary-input-bytes", calls(INFER, latin)),
    "bytes-and-data": Fault("binary-output", outputs(put(data=[]), binary=True)),
    "no-header-length": Fault(
        "binary-output-header", replies(INFER, no_header),
        also={"binary-output", "binary-output-bool", "binary-output-default",
              "binary-output-mixed", "binary-output-override", "binary-output-size",
              "triton-infer"}),
    "size-of-one-more": Fault(
        "binary-output-size", outputs(size_of_one_more, binary=True), model="text"),
    "default-ignored": Fault("binary-output-default", requests(INFER, put(parameters=None))),
    "own-choice-ignored": Fault("binary-output-override", requests(INFER, own_choice_ignored)),
    "all-or-nothing": Fault("binary-output-mixed", requests(INFER, all_or_nothing)),
    "true-is-255": Fault("binary-output-bool", replies(INFER, true_is_255), model="numbers"),
    "no-raw": Fault(
        "binary-raw", instead(lambda c: c.headers.get(LENGTH) == "0", error), model="numbers"),
    "raw-of-any-length": Fault(
        "binary-raw-length", forgive("raw length"), model="numbers"),
    "crash-at-header": Fault("binary-error-envelope", rejections("header too long", crash)),
    **{
        f"{kind.replace(' ', '-')}-forgiven": Fault(
            f"binary-{kind.replace(' ', '-')}", forgive(kind))
        for kind in ("header too long", "header too short", "header no length", "size too big",
                     "size disagrees", "size no length", "leftover", "bytes prefix", "data twice")
    },
    "gzip-is-plain": Fault(
        "gzip-request", outer=calls(always, take_for_plain),
        also={"compressed-binary", "triton-infer"}),
    "deflate-is-raw": Fault(
        "deflate-request", outer=calls(always, raw_deflate),
        also={"compressed-binary", "triton-infer"}),
    "header-counts-compressed": Fault(
        "compressed-binary", outer=instead(header_beyond_compressed, error),
        also={"triton-infer"}),
    "crash-at-broken-gzip": Fault(
        "broken-compression", outer=rejections("broken compression", crash)),
    "any-compression": Fault(
        "unknown-compression", outer=forgive("unknown compression")),
    "gzip-always": Fault("compressed-answer", outer=calls(always, gzip_always)),
    "errors-compressed": Fault("triton-compressed-error", outer=replies(
        lambda call: call.headers.get("accept-encoding") in ("gzip", "deflate"),
        compress_errors)),
    "no-header-length-of-compressed": Fault(
        "triton-infer", outer=replies(INFER, header_of_compressed)),
}  # fmt: skip
