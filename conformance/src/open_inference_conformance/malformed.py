"""Binary requests with wrong lengths."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from open_inference_conformance.example import Example, binary
from open_inference_conformance.response import LENGTH

Sent = tuple[bytes, dict[str, str]] | None
"""Body and headers; None where the model has no input for it."""
MalformedRequest = Callable[[Example], Sent]


def header(length: Callable[[bytes, int], object]) -> MalformedRequest:
    """Return a request with another header length, made from the body and the right length."""

    def build(example: Example) -> Sent:
        body, headers = example.binary()
        return body, headers | {LENGTH: str(length(body, int(headers[LENGTH])))}

    return build


def size(value: object) -> MalformedRequest:
    """Return a request with another `binary_data_size` of the first input."""

    def build(example: Example) -> Sent:
        objects = [tensor.binary() for tensor in example.inputs]
        objects[0]["parameters"]["binary_data_size"] = value
        return binary({"inputs": objects}, *(tensor.raw() for tensor in example.inputs))

    return build


def _last(example: Example, raw: bytes, sent: bytes, **changes: Any) -> Sent:
    """Describe `raw` as the bytes of the last input and send other bytes."""
    *others, last = example.inputs
    described = last.json(parameters={"binary_data_size": len(raw)}, **changes)
    if "data" not in changes:
        del described["data"]
    objects = [*(tensor.binary() for tensor in others), described]
    return binary({"inputs": objects}, *(tensor.raw() for tensor in others), sent)


def body_ends_early(example: Example) -> Sent:
    """Send one byte less than the sizes declare."""
    raw = example.inputs[-1].raw()
    return _last(example, raw, raw[:-1])


def one_element(more: int) -> MalformedRequest:
    """Send one element less or more than the shape declares, with the right size."""

    def build(example: Example) -> Sent:
        last = example.inputs[-1]
        data = last.data[:-1] if more < 0 else [*last.data, last.data[0]]
        raw = replace(last, data=data).raw()
        return _last(example, raw, raw)

    return build


def leftover(example: Example) -> Sent:
    """Send four bytes that belong to nothing."""
    raw = example.inputs[-1].raw()
    return _last(example, raw, raw + b"\0\0\0\0")


def prefix(raw: Callable[[bytes], bytes]) -> MalformedRequest:
    """Change the bytes of an input of BYTES, sent last."""

    def build(example: Example) -> Sent:
        texts = [tensor for tensor in example.inputs if tensor.datatype == "BYTES"]
        if not texts:
            return None
        others = [tensor for tensor in example.inputs if tensor is not texts[0]]
        changed = raw(texts[0].raw())
        return _last(Example([*others, texts[0]]), changed, changed)

    return build


def data_twice(example: Example) -> Sent:
    """Send the last input's data both in JSON and as bytes."""
    last = example.inputs[-1]
    return _last(example, last.raw(), last.raw(), data=last.data)


MALFORMED: dict[str, dict[str, MalformedRequest]] = {
    "binary-header-too-long": {
        "by one": header(lambda body, _: len(body) + 1),
        "by far": header(lambda *_: 10**30),
    },
    "binary-header-too-short": {"by one": header(lambda _, length: length - 1)},
    "binary-header-no-length": {
        "negative": header(lambda *_: -1),
        "words": header(lambda *_: "many"),
        "fraction": header(lambda _, length: f"{length}.5"),
    },
    "binary-size-too-big": {"by one": body_ends_early},
    "binary-size-disagrees": {"fewer": one_element(-1), "more": one_element(1)},
    "binary-size-no-length": {
        "negative": size(-1),
        "text": size("4"),
        "fraction": size(4.5),
    },
    "binary-leftover": {"four": leftover},
    "binary-bytes-prefix": {
        "far beyond": prefix(lambda raw: b"\xf0\xff\xff\xff" + raw[4:]),
        "cut short": prefix(lambda raw: raw + b"\1\0"),
    },
    "binary-data-twice": {"both": data_twice},
}
