"""The protocol of the reference server: requests to tensors, tensors to responses.

Each error of a request has a name, `kind`, so that a fault can accept the request instead.
"""

import json
import math
import struct

FORMATS = {
    "BOOL": "?", "UINT8": "B", "UINT16": "H", "UINT32": "I", "UINT64": "Q",
    "INT8": "b", "INT16": "h", "INT32": "i", "INT64": "q",
    "FP16": "e", "FP32": "f", "FP64": "d",
}  # fmt: skip
LENGTH = "inference-header-content-length"


class RejectedError(Exception):
    """The request is invalid."""

    def __init__(self, kind, message, status=400):
        super().__init__(message)
        self.kind, self.status = kind, status


def demand(condition, kind, message):
    if not condition:
        raise RejectedError(kind, message)


def is_length(value):
    return type(value) is int and value >= 0


def split(body, length):
    """Return the JSON object and the bytes behind it."""
    if length is None:
        return load(body, "bad json"), b""
    demand(length.isascii() and length.isdigit(), "header no length", f"a length of {length!r}")
    demand(int(length) <= len(body), "header too long", "the header ends behind the body")
    return load(body[: int(length)], "header too short"), body[int(length) :]


def load(body, kind):
    try:
        loaded = json.loads(body)
    except ValueError as exc:
        raise RejectedError(kind, f"no JSON: {exc}") from exc
    demand(isinstance(loaded, dict), "not an object", "expected a JSON object")
    return loaded


def read_inputs(model, request, rest):
    """Return the tensors of a request by name."""
    inputs = request.get("inputs")
    listed = isinstance(inputs, list) and all(isinstance(one, dict) for one in inputs)
    demand(listed, "no inputs", "expected a list of `inputs`")
    tensors = {}
    for one in inputs:
        name, tensor, rest = read_input(model, one, rest)
        demand(name not in tensors, "duplicate input", f"input {name!r} is given twice")
        tensors[name] = tensor
    demand(not rest, "leftover", f"{len(rest)} bytes belong to no input")
    missing = model.inputs.keys() - tensors.keys()
    demand(not missing, "missing input", f"inputs are missing: {sorted(missing)}")
    return tensors


def read_input(model, one, rest):
    """Return name, tensor and the bytes behind it."""
    parameters = one.get("parameters") or {}
    size = parameters.get("binary_data_size") if isinstance(parameters, dict) else None
    for field in ("name", "shape", "datatype"):
        demand(field in one, "input fields", f"an input has no `{field}`")
    demand("data" in one or size is not None, "input fields", "an input has no data")
    name, shape, datatype = one["name"], one["shape"], one["datatype"]
    dimensions = isinstance(shape, list) and all(map(is_length, shape))
    demand(dimensions, "shape numbers", f"input {name!r}: a shape of {shape}")
    known = isinstance(datatype, str) and (datatype in FORMATS or datatype == "BYTES")
    demand(known, "datatype unknown", f"input {name!r}: a datatype of {datatype!r}")
    if size is None:
        data = read_json(name, one["data"], datatype, shape)
    else:
        data, rest = read_bytes(one, size, rest)
    demand(name in model.inputs, "unknown input", f"there is no input {name!r}")
    wanted, dims = model.inputs[name]
    demand(datatype == wanted, "datatype mismatch", f"input {name!r} is {wanted}, not {datatype}")
    fits = len(dims) == len(shape) and all(d in (-1, n) for d, n in zip(dims, shape, strict=True))
    demand(fits, "fixed dimension", f"input {name!r} has the shape {dims}, not {shape}")
    return name, (datatype, shape, data), rest


def read_json(name, data, datatype, shape):
    flat = flatten(data)
    demand(isinstance(data, list), "element", f"input {name!r}: data are no list")
    demand(
        len(flat) == math.prod(shape), "data shape", f"input {name!r}: data are not of its shape"
    )
    for value in flat:
        demand(is_element(datatype, value), "element", f"input {name!r}: {value!r}")
    return flat


def read_bytes(one, size, rest):
    name, shape, datatype = one["name"], one["shape"], one["datatype"]
    demand("data" not in one, "data twice", f"input {name!r}: data twice")
    demand(is_length(size), "size no length", f"input {name!r}: a size of {size!r}")
    demand(size <= len(rest), "size too big", f"input {name!r}: the body ends early")
    data = unpack(datatype, rest[:size])
    demand(len(data) == math.prod(shape), "size disagrees", f"input {name!r}: not of its shape")
    return data, rest[size:]


def read_raw(model, body):
    """Return the tensor of a raw request: one row."""
    [(name, (datatype, dims))] = model.inputs.items()
    shape = [1 if n == -1 else n for n in dims]
    demand(datatype != "BYTES", "raw", "texts do not come raw")
    fits = len(body) == math.prod(shape) * struct.calcsize(FORMATS[datatype])
    demand(fits, "raw length", f"{len(body)} bytes do not fit the shape {dims}")
    return {name: (datatype, shape, unpack(datatype, body))}


def flatten(data):
    return [leaf for item in data for leaf in flatten(item)] if isinstance(data, list) else [data]


def is_element(datatype, value):
    if datatype in ("BOOL", "BYTES"):
        return isinstance(value, bool if datatype == "BOOL" else str)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        struct.pack(f"<{FORMATS[datatype]}", value)
    except (struct.error, OverflowError):
        return False
    return True


def unpack(datatype, raw):
    if datatype != "BYTES":
        size = struct.calcsize(FORMATS[datatype])
        demand(len(raw) % size == 0, "size disagrees", f"{len(raw)} bytes of {datatype}")
        return [value for (value,) in struct.iter_unpack(f"<{FORMATS[datatype]}", raw)]
    texts, start = [], 0
    while start < len(raw):
        demand(start + 4 <= len(raw), "bytes prefix", "a length is cut short")
        end = start + 4 + struct.unpack_from("<I", raw, start)[0]
        demand(end <= len(raw), "bytes prefix", "a text runs past the end")
        texts.append(raw[start + 4 : end].decode("utf-8", "replace"))
        start = end
    return texts


def pack(datatype, data):
    if datatype != "BYTES":
        return struct.pack(f"<{len(data)}{FORMATS[datatype]}", *data)
    return b"".join(struct.pack("<I", len(t.encode())) + t.encode() for t in data)


def write_outputs(model, request, outputs):
    """Return the objects of the requested outputs and the bytes behind the response."""
    requested = request.get("outputs") or [{"name": name} for name in outputs]
    named = isinstance(requested, list) and all(
        isinstance(o, dict) and "name" in o for o in requested
    )
    demand(named, "outputs", "expected a list of `outputs` with names")
    default = flag(request, "binary_data_output", False)
    objects, raw = [], b""
    for one in requested:
        name = one["name"]
        demand(name in model.outputs, "unknown output", f"there is no output {name!r}")
        datatype, shape, data = outputs[name]
        described = {"name": name, "shape": shape, "datatype": datatype}
        if flag(one, "binary_data", default):
            packed = pack(datatype, data)
            objects.append({**described, "parameters": {"binary_data_size": len(packed)}})
            raw += packed
        else:
            objects.append({**described, "data": data})
    return objects, raw


def flag(described, name, default):
    parameters = described.get("parameters")
    return bool(parameters.get(name, default)) if isinstance(parameters, dict) else default
