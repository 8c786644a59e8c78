"""The content of a body, and what of it is kept for the next request."""

import json
from typing import Any

import pytest
from pydantic import BaseModel

from src.api.open_inference.request import KEPT, LONGEST, RequestReader
from src.core.errors import InvalidInputError
from src.services.tensors.spec import describe_type

TEXT = {"name": "input", "datatype": "BYTES", "shape": [1]}


class Point(BaseModel):
    x: float
    y: float


def reader_of(kind: Any):
    return RequestReader(describe_type(kind, "input"), describe_type(str, "prediction"))


def body(size=5, **more):
    """Return a request of one text in binary form, and the length of its JSON."""
    tensor = {**TEXT, "parameters": {"binary_data_size": size}}
    header = json.dumps({"inputs": [tensor], **more}).encode()
    return header + b"\1\0\0\0a", b"%d" % len(header)


def kept(reader):
    return reader._kept_plan.cache_info().currsize


def test_json_before_binary_tensors_is_kept():
    reader = reader_of(str)
    for _ in range(3):
        plan, data = reader.read(*body())
        assert (plan.id, data) == (None, [b"\1\0\0\0a"])
    assert reader._kept_plan.cache_info()[:2] == (2, 1)  # hits, misses


def test_json_with_data_and_long_json_are_not_kept():
    reader = reader_of(str)
    content = json.dumps({"inputs": [{**TEXT, "data": ["a"]}]}).encode()
    reader.read(content, None)
    reader.read(content, b"%d" % len(content))
    reader.read(*body(id="x" * 200, parameters={"note": "x" * LONGEST}))
    assert not kept(reader)


def test_no_more_is_kept_than_may_be():
    reader = reader_of(str)
    for number in range(KEPT + 1):
        plan, _ = reader.read(*body(id=f"{number}"))
        assert plan.id == f"{number}"
    assert kept(reader) == KEPT


@pytest.mark.parametrize("kind", [list[list[float]], list[str], tuple[str, str], Point])
def test_bytes_alone_are_no_tensor_whose_shape_they_do_not_tell(kind):
    with pytest.raises(InvalidInputError, match="needs JSON before"):
        reader_of(kind).read(bytes(8), b"0")


def test_empty_body_is_no_tensor():
    with pytest.raises(InvalidInputError, match="body: "):
        reader_of(str).read(b"", None)


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"outputs": [{"name": "prediction"}] * 2}, "requested twice"),
        ({"outputs": [{"name": "prediction", "parameters": {"classification": 1}}]}, "classific"),
        ({"size": -1}, "invalid binary_data_size"),
        ({"size": 2**32}, "invalid binary_data_size"),
        ({"size": 10**4299}, "invalid binary_data_size"),
        ({"size": 6}, "bytes, the body has"),
    ],
)
def test_request_that_asks_for_what_cannot_be_is_refused(more, problem):
    with pytest.raises(InvalidInputError, match=problem):
        reader_of(str).read(*body(**more))


def test_form_of_an_output_goes_before_that_of_all():
    outputs = [{"name": "prediction"}]
    for asked, is_binary in (({}, True), ({"binary_data": False}, False)):
        outputs[0]["parameters"] = asked  # type: ignore[assignment]
        parameters = {"binary_data_output": True}
        plan, _ = reader_of(str).read(*body(outputs=outputs, parameters=parameters))
        assert plan.requested == [("prediction", is_binary)]
