"""The format of each system's requests, and the place of the prediction in its responses."""

import json
import struct
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

JSON_LENGTH = "Inference-Header-Content-Length"
JSON, BINARY = "application/json", "application/octet-stream"
JPEG, BOUNDARY = "image/jpeg", "boundary-of-the-benchmark"


class Body(NamedTuple):
    """A body and its headers."""

    content: bytes
    headers: Mapping[str, str]


class Format(NamedTuple):
    """A route, the body of its requests, and the prediction in its responses."""

    path: str
    request: Callable[[Any], Body]
    prediction: Callable[[bytes, Mapping[str, str]], Any]


def _json(path: str, request: Callable[[Any], object], prediction: Callable[[Any], Any]) -> Format:
    return Format(
        path,
        lambda input_data: Body(json.dumps(request(input_data)).encode(), {"Content-Type": JSON}),
        lambda content, _: prediction(json.loads(content)),
    )


def _v2_request(input_data: Any) -> object:
    if isinstance(input_data, str):
        tensor = {"shape": [1, 1], "datatype": "BYTES", "data": [input_data]}
    else:
        tensor = {"shape": [1, len(input_data)], "datatype": "FP32", "data": input_data}
    return {"inputs": [{"name": "input", **tensor}]}


def _binary_request(input_data: Any) -> Body:
    if isinstance(input_data, str):
        text = input_data.encode()
        data, tensor = struct.pack("<I", len(text)) + text, {"shape": [1], "datatype": "BYTES"}
    else:
        data = struct.pack(f"<{len(input_data)}f", *input_data)
        tensor = {"shape": [1, len(input_data)], "datatype": "FP32"}
    parameters = {"binary_data_size": len(data)}
    request = {
        "inputs": [{"name": "input", **tensor, "parameters": parameters}],
        "parameters": {"binary_data_output": True},
    }
    header = json.dumps(request).encode()
    return Body(header + data, {"Content-Type": BINARY, JSON_LENGTH: str(len(header))})


def _binary_prediction(content: bytes, headers: Mapping[str, str]) -> Any:
    length = int(headers[JSON_LENGTH.lower()])
    (output,) = json.loads(content[:length])["outputs"]
    if output["datatype"] == "BYTES":
        return content[length + 4 :].decode()
    form = {"INT64": "<q", "FP32": "<f"}[output["datatype"]]
    return struct.unpack(form, content[length:])[0]


def _raw_request(input_data: str) -> Body:
    return Body(b64decode(input_data), {"Content-Type": JPEG})


def _form_request(input_data: str) -> Body:
    disposition = 'Content-Disposition: form-data; name="file"; filename="picture.jpg"'
    head = f"--{BOUNDARY}\r\n{disposition}\r\nContent-Type: {JPEG}\r\n\r\n".encode()
    content = head + b64decode(input_data) + f"\r\n--{BOUNDARY}--\r\n".encode()
    return Body(content, {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"})


PLAIN = _json(
    "/predict", lambda input_data: {"input": input_data}, lambda answer: answer["prediction"]
)
LIST = _json("/predict", lambda input_data: {"inputs": [input_data]}, lambda answer: answer[0])
V2 = _json("/v2/models/bench/infer", _v2_request, lambda answer: answer["outputs"][0]["data"][0])
V2_BINARY = Format(V2.path, _binary_request, _binary_prediction)
RAW = PLAIN._replace(request=_raw_request)
FORM = PLAIN._replace(request=_form_request)
UPSTREAM = _json(
    "/predict", lambda input_data: {"text": input_data}, lambda answer: answer["result"]
)
