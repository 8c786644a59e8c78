"""Invalid requests in JSON, each made from one that is accepted."""

import json
from collections.abc import Callable
from typing import Any

from open_inference_conformance.example import Example
from open_inference_conformance.subject import UNKNOWN
from open_inference_conformance.tensors import make

InvalidRequest = Callable[[Example], object]
"""Returns the body: bytes are sent as they are, anything else as JSON."""


def constant(body: object) -> InvalidRequest:
    """Return the same body for every model."""
    return lambda _: body


def first_input(**changes: Any) -> InvalidRequest:
    """Change fields of the first input."""
    return lambda e: e.body(inputs=[e.inputs[0].json(**changes), *e.body()["inputs"][1:]])


def without(field: str) -> InvalidRequest:
    """Leave out a field of the first input."""

    def build(example: Example) -> object:
        body = example.body()
        del body["inputs"][0][field]
        return body

    return build


def fewer(example: Example) -> object:
    """Leave out the last element."""
    return first_input(data=example.inputs[0].data[:-1])(example)


def more(example: Example) -> object:
    """Add an element."""
    data = example.inputs[0].data
    return first_input(data=[*data, data[0]])(example)


def overflow(example: Example) -> object:
    """Declare dimensions whose product is a multiple of 2^64, and send no data."""
    rest = example.inputs[0].shape[1:]
    return first_input(shape=[2**64, *rest] if not rest else [2**62, 4, *rest[1:]], data=[])(
        example
    )


def wrong_element(example: Example) -> object:
    """Put an element that no datatype allows among texts, and a text among numbers."""
    tensor = example.inputs[0]
    wrong: object = {"no": "element"} if tensor.datatype == "BYTES" else "a text"
    return first_input(data=[*tensor.data[:-1], wrong])(example)


def other_datatype(example: Example) -> object:
    """Send strings where numbers are expected, and the reverse."""
    tensor = example.inputs[0]
    datatype = "INT32" if tensor.datatype == "BYTES" else "BYTES"
    other = make(tensor.name, datatype, tensor.shape)
    return first_input(datatype=datatype, data=other.data)(example)


def twice(example: Example) -> object:
    """Send the first input twice."""
    inputs = example.body()["inputs"]
    return example.body(inputs=[inputs[0], *inputs])


def unknown_input(example: Example) -> object:
    """Add an input that the model does not have."""
    extra = make(UNKNOWN, "FP32", [1]).json()
    return example.body(inputs=[*example.body()["inputs"], extra])


INVALID_REQUESTS: dict[str, dict[str, InvalidRequest]] = {
    "error-bad-json": {
        "empty": constant(b""),
        "words": constant(b"no json"),
        "cut short": lambda e: json.dumps(e.body()).encode()[:-1],
        "more behind it": lambda e: json.dumps(e.body()).encode() + b"}",
    },
    "error-not-an-object": {
        "list": lambda e: [e.body()],
        "text": constant("text"),
        "number": constant(1),
        "null": constant(None),
    },
    "error-no-inputs": {
        "absent": constant({}),
        "null": lambda e: e.body(inputs=None),
        "text": lambda e: e.body(inputs="text"),
        "texts": lambda e: e.body(inputs=["text"]),
    },
    "error-input-fields": {name: without(name) for name in ("name", "shape", "datatype", "data")},
    # All at a time: metadata do not tell which inputs a model can do without.
    "error-missing-input": {"all": lambda e: e.body(inputs=[])},
    "error-data-shape": {"fewer": fewer, "more": more, "overflow": overflow},
    "error-shape-numbers": {
        "negative": lambda e: first_input(shape=[-1, *e.inputs[0].shape[1:]])(e),
        "fraction": lambda e: first_input(shape=[1.5, *e.inputs[0].shape[1:]])(e),
        "text": lambda e: first_input(shape=["2", *e.inputs[0].shape[1:]])(e),
    },
    "error-datatype-unknown": {
        "of another language": first_input(datatype="float32"),
        "empty": first_input(datatype=""),
    },
    "error-element": {"wrong": wrong_element},
    "error-unknown-output": {"unknown": lambda e: e.body(outputs=[{"name": UNKNOWN}])},
    "error-datatype-mismatch": {"other": other_datatype},
    "error-unknown-input": {"unknown": unknown_input},
    "error-duplicate-input": {"twice": twice},
}
