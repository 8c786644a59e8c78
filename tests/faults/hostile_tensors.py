"""Hostile requests of the Open Inference Protocol; each with its row."""

import json
import struct

from .hostile import MEGABYTE, filled

LENGTH = "inference-header-content-length"
TENSOR = {"name": "input", "datatype": "FP32", "shape": [1, 2]}
TWO = struct.pack("<2f", 1, 2)
WORD = struct.pack("<I", 4) + b"good"

Sent = tuple[int, bytes, dict[str, object]]  # a row, a body, headers


def tensor(row: int, **fields: object) -> Sent:
    """Return a request of one tensor, valid except for some fields."""
    body = {"inputs": [{**TENSOR, "data": [1, 2], **fields}]}
    return row, json.dumps(body).encode(), {}


def raw(row: int, data: bytes, before: bytes = b"", after: bytes = b"") -> Sent:
    """Return a request with these bytes for the elements, and others around its tensors."""
    inputs = b'{"name":"input","datatype":"FP32","shape":[1,2],"data":%s}' % data
    return row, b'{"inputs":[%s%s%s]}' % (before, inputs, after), {}


def binary(
    form: bytes, size: object = None, length: object = None, row: int = 9, **fields: object
) -> Sent:
    """Return a binary request, in which sizes may be wrong."""
    parameters = {"binary_data_size": len(form) if size is None else size}
    header = json.dumps({"inputs": [{**TENSOR, "parameters": parameters, **fields}]}).encode()
    return row, header + form, {LENGTH: len(header) if length is None else length}


def text(data: bytes, row: int = 9, shape: object = (1,)) -> Sent:
    """Return a binary request of texts."""
    return binary(data, row=row, datatype="BYTES", shape=shape)


BODIES: dict[str, Sent] = {
    "fewer elements": tensor(8, data=[1]),
    "more elements": tensor(8, data=[1, 2, 3]),
    "no element": tensor(8, data=[]),
    "nested otherwise": tensor(8, data=[[1], [2]]),
    "ragged": tensor(8, data=[[1, 2], [3]], shape=[2, 2]),
    "nested too deep": tensor(8, data=[[[1, 2]]]),
    "deeper in the middle": tensor(8, data=[1, [2]]),
    "a negative dimension": tensor(8, shape=[-1, 2]),
    "negative dimensions": tensor(8, shape=[-1, -2]),
    "a dimension of zero": tensor(8, shape=[1, 0], data=[]),
    "a batch of zero": tensor(8, shape=[0, 2], data=[]),
    "a huge dimension": tensor(8, shape=[1, 2**63 - 1]),
    "huge dimensions": tensor(8, shape=[2**62, 2**62]),
    "a huge dimension and zero": tensor(8, shape=[2**62, 0], data=[]),
    "a dimension beyond 64 bits": tensor(8, shape=[1, 2**64]),
    "a dimension of 5 000 digits": raw(8, b"[1]", b'{"shape":[' + b"9" * 5000 + b"]},"),
    "a fraction as dimension": tensor(8, shape=[1, 2.5]),
    "a whole fraction as dimension": tensor(8, shape=[1.0, 2.0]),
    "true as dimension": tensor(8, shape=[True, 2]),
    "text as dimension": tensor(8, shape=["1", "2"]),
    "a dimension too few": tensor(8, shape=[2]),
    "a dimension too many": tensor(8, shape=[1, 2, 1, 1, 1]),
    "no dimension": tensor(8, shape=[], data=[1]),
    "100 000 dimensions": tensor(8, shape=[1] * 100_000),
    "100 000 huge dimensions": tensor(8, shape=[2**63] * 100_000),
    "no shape": tensor(8, shape=None),
    "a batch of a million": tensor(8, shape=[10**6, 1], data=[1] * 10**6),
    "another datatype": tensor(8, datatype="BYTES"),
    "a datatype that is none": tensor(8, datatype="FP128"),
    "a datatype in small letters": tensor(8, datatype="fp32"),
    "a datatype of a megabyte": tensor(8, datatype="F" * MEGABYTE),
    "a name of a megabyte": tensor(8, name="n" * MEGABYTE),
    "an id of a megabyte": (8, b'{"id":"' + b"i" * MEGABYTE + b'","inputs":[]}', {}),
    "no data": tensor(8, data=None),
    "data that is an object": tensor(8, data={}),
    "data that is text": tensor(8, data="[1,2]"),
    "the input twice": raw(8, b"[1,2]", after=b"," + json.dumps(TENSOR | {"data": [1]}).encode()),
    "25 000 inputs": (8, b'{"inputs":' + filled(json.dumps(TENSOR).encode()) + b"}", {}),
    "a megabyte of inputs that are none": (8, b'{"inputs":' + filled(b"{}") + b"}", {}),
    "a megabyte of outputs": raw(8, b"[1,2]", after=b'],"outputs":' + filled(b"{}")[:-1]),
    "a megabyte of parameters": (
        8,
        json.dumps({"inputs": [], "parameters": {f"p{n}": 1 for n in range(90_000)}}).encode(),
        {},
    ),
    "an output that is none": raw(8, b"[1,2]", after=b'],"outputs":[{"name":"other"}'),
    "an output twice": raw(
        8, b"[1,2]", after=b'],"outputs":[{"name":"prediction"},{"name":"prediction"}'
    ),
    "a megabyte of one output": raw(
        8, b"[1,2]", after=b'],"outputs":' + filled(b'{"name":"prediction"}')[:-1]
    ),
    "shared memory": tensor(8, data=None, parameters={"shared_memory_region": "x"}),
    "NaN": raw(3, b"[1,NaN]"),
    "-Infinity": raw(3, b"[1,-Infinity]"),
    "1e400": raw(3, b"[1,1e400]"),
    "400 digits": raw(3, b"[1," + b"9" * 400 + b"]"),
    "5 000 digits": raw(4, b"[1," + b"9" * 5000 + b"]"),
    "a surrogate": raw(2, b'["\\ud800",1]'),
    "invalid UTF-8": raw(2, b'["\xff",1]'),
    "arrays 100 000 deep": raw(5, b"[" * 100_000),
    "arrays 190 deep": raw(5, b"[" * 190 + b"]" * 190),
    "text": tensor(6, data=["1", "2"]),
    "true": tensor(6, data=[True, 1]),
    "null": tensor(6, data=[None, 1]),
    "objects": tensor(6, data=[{}, {}]),
    "a megabyte of text": raw(7, filled(b'"x"')),
    "a megabyte of null": raw(7, filled(b"null")),
    "a megabyte of arrays": raw(7, filled(b"[]")),
    "a megabyte of arrays of text": raw(7, filled(b'["x"]')),
    "a megabyte of objects": raw(7, filled(b"{}")),
    "a wrong item after a megabyte": raw(7, filled(b"1", closing=b',"x"]')),
    "a megabyte of numbers": raw(8, filled(b"1")),
    "binary NaN": binary(struct.pack("<2f", 1, float("nan")), row=3),
    "binary infinity": binary(struct.pack("<2f", float("inf"), 1), row=3),
    "fewer bytes": binary(TWO[:4]),
    "half an element": binary(TWO[:7]),
    "more bytes": binary(TWO + TWO),
    "a megabyte of bytes": binary(bytes(MEGABYTE)),
    "no bytes": binary(b""),
    "a size beyond the body": binary(TWO, size=99),
    "a huge size": binary(TWO, size=2**63),
    "a size of 5 000 digits": binary(TWO, size=10**4000),
    "a size too small": binary(TWO, size=4),
    "a negative size": binary(TWO, size=-8),
    "a fraction as size": binary(TWO, size=8.0),
    "true as size": binary(TWO, size=True),
    "text as size": binary(TWO, size="8"),
    "a size of nothing": binary(TWO, size=0),
    "data and bytes": binary(TWO, data=[1, 2]),
    "bytes of no tensor": (9, tensor(9)[1] + TWO, {LENGTH: len(tensor(9)[1])}),
    "a length beyond the body": binary(TWO, length=99_999),
    "a huge length": binary(TWO, length=2**70),
    "a length of 5 000 digits": binary(TWO, length="9" * 5000),
    "a length within the JSON": binary(TWO, length=10),
    "a length within the bytes": binary(TWO, length=120),
    "a negative length": binary(TWO, length=-1),
    "a length that is no number": binary(TWO, length="x"),
    "a signed length": binary(TWO, length="+120"),
    "a length in hexadecimal": binary(TWO, length="0x70"),
    "no length": (9, binary(TWO)[1], {}),
    "an empty length": binary(TWO, length=""),
    "no JSON, half an element": (9, TWO[:7], {LENGTH: 0}),
    "no JSON, no bytes": (9, b"", {LENGTH: 0}),
}
TEXTS: dict[str, Sent] = {
    "bytes that are no UTF-8": text(struct.pack("<I", 1) + b"\xff", row=2),
    "a surrogate in bytes": text(struct.pack("<I", 3) + b"\xed\xa0\x80", row=2),
    "a text beyond its bytes": text(struct.pack("<I", 5) + b"good"),
    "a text of 4 GB": text(struct.pack("<I", 2**32 - 1) + b"good"),
    "half a length": text(WORD + b"\x01\x00"),
    "a text too many": text(WORD + WORD),
    "a text too few": text(WORD, shape=(2,)),
    "a megabyte of empty texts": text(bytes(MEGABYTE)),
    "a batch of empty texts": text(bytes(MEGABYTE), shape=(MEGABYTE // 4,)),
    "numbers": binary(TWO, row=8),
}
