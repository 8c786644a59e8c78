"""JSON and tensors of any size that cost more than their bytes: shapes, and the models for them.

A shape gives, for a number of bytes, a body for each route: `PREDICT["many names"](10_000_000)`.
"""

import json
import struct
from collections.abc import Callable

Shape = Callable[[int], bytes]

LENGTH = "inference-header-content-length"
INPUT = b'{"name":"input","datatype":"%s","shape":%s,"data":%s}'


def repeated(item: bytes, first: bytes = b"[", last: bytes = b"]") -> Shape:
    """Return a shape that repeats one item, with commas between."""
    return lambda size: first + b",".join([item] * (size // (len(item) + 1))) + last


def numbered(form: str, first: str = "[", last: str = "]") -> Shape:
    """Return a shape of items that differ: `%d` in them is their number."""

    def make(size: int) -> bytes:
        count = size // (len(form % 1_000_000) + 1)
        return (first + ",".join(form % (10**6 + n) for n in range(count)) + last).encode()

    return make


def deep(left: bytes, right: bytes = b"", middle: bytes = b"1") -> Shape:
    return lambda size: (
        left * (size // len(left + right)) + middle + right * (size // len(left + right))
    )


# Values where another value is expected.
VALUES: dict[str, Shape] = {
    "many empty arrays": repeated(b"[]"),
    "many arrays of one": repeated(b"[1]"),
    "many arrays of three": repeated(b"[1,2,3]"),
    "many arrays of two levels": repeated(b"[[]]"),
    "many empty objects": repeated(b"{}"),
    "many objects of one name": repeated(b'{"a":1}'),
    "many objects of an empty name": repeated(b'{"":0}'),
    "many objects in objects": repeated(b'{"a":{}}'),
    "many objects of arrays": repeated(b'{"a":[]}'),
    "many ones": repeated(b"1"),
    "many zeros with a sign": repeated(b"-0"),
    "many nulls": repeated(b"null"),
    "many booleans": repeated(b"true"),
    "many exponents": repeated(b"1e9"),
    "many infinite numbers": repeated(b"1e999"),
    "many integers that differ": numbered("%d"),
    "many large integers": repeated(b"9" * 40),
    "one integer of all digits": lambda size: b"9" * size,
    "many empty texts": repeated(b'""'),
    "many texts of one letter": repeated(b'"a"'),
    "many texts that differ": numbered('"%d"'),
    "many escapes": repeated(rb'"\u0041"'),
    "many surrogates": repeated(rb'"\ud800"'),
    "many names": numbered('"%d":1', "{", "}"),
    "many names of arrays": numbered('"%d":[]', "{", "}"),
    "the same name many times": repeated(b'"a":1', b"{", b"}"),
    "an empty name many times": repeated(b'"":1', b"{", b"}"),
    "deep arrays": deep(b"[", b"]"),
    "deep arrays without an end": deep(b"["),
    "deep objects": deep(b'{"a":', b"}"),
    "deep objects without an end": deep(b'{"a":'),
    "deep arrays of many": lambda size: b"[" * 100 + repeated(b"[]")(size) + b"]" * 100,
    "two wide rows": lambda size: (
        b"[" + repeated(b"0")(size // 2) + b"," + repeated(b"[]")(size // 2) + b"]"
    ),
    "one row of nulls": repeated(b"null", b"[[", b"]]"),
    "one row of texts": repeated(b'"a"', b"[[", b"]]"),
    "a long text": lambda size: b'"' + b"a" * size + b'"',
    "a long text of escapes": lambda size: b'"' + rb"\u0041" * (size // 6) + b'"',
    "a text that hides arrays": lambda size: rb'["\"",' + repeated(b"[]")(size)[1:],
    "blanks": lambda size: b" " * size + b"1",
    "many items and no end": repeated(b"[]", last=b""),
    "many commas": lambda size: b"[" + b"," * size + b"]",
    "many colons": lambda size: b"{" + b":" * size + b"}",
    "many quotes": lambda size: b"[" + b'"' * size + b"]",
}


def around(before: bytes, after: bytes, shapes: dict[str, Shape]) -> dict[str, Shape]:
    """Put shapes into a body."""

    def put(shape: Shape) -> Shape:
        return lambda size: before + shape(size - len(before) - len(after)) + after

    return {name: put(shape) for name, shape in shapes.items()}


PREDICT = {
    **around(b'{"input":', b"}", VALUES),
    **around(b"", b"", {f"{name}, alone": VALUES[name] for name in VALUES if "names" in name}),
    "many names beside the input": numbered('"%d":1', '{"input":"good",', "}"),
    "many objects beside the input": numbered('"%d":{}', '{"input":"good",', "}"),
}
BATCH = {
    **around(b'{"inputs":', b"}", VALUES),
    "many names beside the inputs": numbered('"%d":1', '{"inputs":["good"],', "}"),
}
STREAM = PREDICT
_TENSOR = INPUT % (b"FP32", b"[1,2]", b"[1,2]")
INFER = {
    **around(b'{"inputs":[{"name":"input","datatype":"FP32","shape":[1,2],"data":', b"}]}", VALUES),
    "many inputs": repeated(_TENSOR, b'{"inputs":[', b"]}"),
    "many inputs that are none": repeated(b"{}", b'{"inputs":[', b"]}"),
    "many outputs": repeated(b'{"name":"a"}', b'{"inputs":[%s],"outputs":[' % _TENSOR, b"]}"),
    "many outputs that are none": repeated(b"{}", b'{"inputs":[%s],"outputs":[' % _TENSOR, b"]}"),
    "many dimensions": repeated(
        b"1", b'{"inputs":[{"name":"input","datatype":"FP32","data":[1],"shape":[', b"]}]}"
    ),
    "many parameters": numbered('"%d":1', '{"inputs":[],"parameters":{', "}}"),
    "many parameters of an input": numbered(
        '"%d":1', '{"inputs":[{"name":"input","datatype":"FP32","shape":[1],"parameters":{', "}}]}"
    ),
    "many names beside the inputs": numbered('"%d":1', '{"inputs":[],', "}"),
}
GENERATE = {
    **around(b'{"text_input":"good","parameters":', b"}", VALUES),
    **around(b'{"text_input":', b"}", {name: VALUES[name] for name in list(VALUES)[:3]}),
    "many names beside the text": numbered('"%d":1', '{"text_input":"good",', "}"),
}


def binary(datatype: str, shape: list[int], data: bytes) -> tuple[bytes, dict[str, object]]:
    """Return a request with a binary tensor, and its header."""
    tensor = {"name": "input", "datatype": datatype, "shape": shape}
    tensor["parameters"] = {"binary_data_size": len(data)}
    before = json.dumps({"inputs": [tensor]}).encode()
    return before + data, {LENGTH.replace("-", "_"): len(before)}


Binary = Callable[[int], tuple[bytes, dict[str, object]]]
BINARY: dict[str, Binary] = {
    "texts of nothing": lambda size: binary("BYTES", [1], bytes(size)),
    "texts of nothing, counted": lambda size: binary("BYTES", [1, size // 4], bytes(size // 4 * 4)),
    "texts of nothing, many inputs": lambda size: binary("BYTES", [1000, 1], bytes(size)),
    "texts of a letter, counted": lambda size: binary(
        "BYTES", [1, size // 5], (struct.pack("<I", 1) + b"a") * (size // 5)
    ),
    "single bytes": lambda size: binary("UINT8", [1, size], bytes(size)),
    "single bytes, as rows": lambda size: binary("UINT8", [1, size // 2, 2], bytes(size // 2 * 2)),
    "single bytes, alone": lambda size: binary("UINT8", [1, size, 1], bytes(size)),
    "signed bytes": lambda size: binary("INT8", [1, size], b"\xff" * size),
    "booleans": lambda size: binary("BOOL", [1, size], bytes(size)),
    "half floats": lambda size: binary("FP16", [1, size // 2], bytes(size // 2 * 2)),
    "floats": lambda size: binary("FP32", [1, size // 4], b"\0\0\x80\x3f" * (size // 4)),
    "long integers": lambda size: binary("INT64", [1, size // 8], b"\x7f" * (size // 8 * 8)),
    "JSON and many outputs before it": lambda size: (
        INFER["many outputs"](size - 4) + bytes(4),
        {LENGTH.replace("-", "_"): len(INFER["many outputs"](size - 4))},
    ),
}
