"""How each system wants its requests, and where its answers have the prediction."""

from collections.abc import Callable
from typing import Any, NamedTuple


class Wire(NamedTuple):
    """A route, the JSON it takes, and the prediction in the JSON it gives."""

    path: str
    request: Callable[[Any], object]
    prediction: Callable[[Any], Any]


def _v2_request(input_data: Any) -> object:
    if isinstance(input_data, str):
        tensor = {"shape": [1, 1], "datatype": "BYTES", "data": [input_data]}
    else:
        tensor = {"shape": [1, len(input_data)], "datatype": "FP32", "data": input_data}
    return {"inputs": [{"name": "input", **tensor}]}


PLAIN = Wire(
    "/predict", lambda input_data: {"input": input_data}, lambda answer: answer["prediction"]
)
LIST = Wire("/predict", lambda input_data: {"inputs": [input_data]}, lambda answer: answer[0])
V2 = Wire("/v2/models/bench/infer", _v2_request, lambda answer: answer["outputs"][0]["data"][0])
