"""Faults of the binary extension and of compression."""

import gzip
import zlib
from contextlib import suppress

from tests.conformance.protocol import LENGTH
from tests.conformance.wrongs import (
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
    refusals,
    replies,
    request,
    requests,
)

INFER = action("infer")


def no_header(answer):
    answer.headers.pop(LENGTH, None)


def header_of_compressed(answer):
    if "content-encoding" in answer.headers:
        answer.headers.pop(LENGTH, None)


def size_of_one_more(answer_output):
    answer_output["parameters"]["binary_data_size"] += 1


def true_is_255(answer):
    """Bytes of 1 become 255; the names of the model's other tensors do not matter here."""
    if LENGTH in answer.headers:
        length = int(answer.headers[LENGTH])
        answer.body = answer.body[:length] + answer.body[length:].replace(b"\1", b"\xff")


def own_choice_ignored(loaded):
    if loaded.get("parameters", {}).get("binary_data_output") is not None:
        for output in loaded.get("outputs", []):
            output.pop("parameters", None)


def all_or_nothing(loaded):
    """One output as bytes makes all of them bytes."""
    listed = loaded.get("outputs")
    if isinstance(listed, list) and len(listed) > 1:
        asked = [(o.get("parameters") or {}).get("binary_data") for o in listed]
        if any(asked):
            for output in listed:
                output["parameters"] = {"binary_data": True}


def latin(call):
    """Take the bytes of texts for another encoding."""
    length = call.headers.get(LENGTH, "")
    if length.isdigit() and 0 < int(length) < len(call.body):
        rest = call.body[int(length) :]
        call.body = call.body[: int(length)] + rest.replace("ü".encode(), b"ue")


def turned(call):
    names = [i.get("name") for i in request(call).get("inputs") or [] if isinstance(i, dict)]
    return LENGTH in call.headers and names[-1:] == ["in_bool"] and len(names) == 13


def big_endian(call):
    """Read what follows the JSON object backwards."""
    length = call.headers.get(LENGTH, "")
    if length.isdigit() and 0 < int(length) < len(call.body):
        call.body = call.body[: int(length)] + call.body[int(length) :][::-1]


def take_for_plain(call):
    if call.headers.get("content-encoding") == "gzip":
        del call.headers["content-encoding"]


def raw_deflate(call):
    """Want deflate without the zlib format around it, as some servers read RFC 9110."""
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


def compress_errors(answer):
    if answer.status >= 400:
        answer.headers["content-encoding"] = "gzip"
        answer.body = gzip.compress(answer.body)


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
    "crash-at-header": Fault("binary-error-envelope", refusals("header too long", crash)),
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
        "broken-compression", outer=refusals("broken compression", crash)),
    "any-compression": Fault(
        "unknown-compression", outer=forgive("unknown compression")),
    "gzip-always": Fault("compressed-answer", outer=calls(always, gzip_always)),
    "errors-compressed": Fault("triton-compressed-error", outer=replies(
        lambda call: call.headers.get("accept-encoding") in ("gzip", "deflate"),
        compress_errors)),
    "no-header-length-of-compressed": Fault(
        "triton-infer", outer=replies(INFER, header_of_compressed)),
}  # fmt: skip
