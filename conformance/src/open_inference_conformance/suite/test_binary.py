"""The binary tensor data extension: requests that must succeed."""

import math
from dataclasses import replace

import pytest

from open_inference_conformance.checks import rejected
from open_inference_conformance.example import Example, binary
from open_inference_conformance.response import LENGTH, InferenceResponse
from open_inference_conformance.tensors import FORMATS, pack, unpack

pytestmark = pytest.mark.extension("binary_tensor_data")
TEXTS = ["", "Grüße", "你好 🙂", "a\nb"]


def width(datatype):
    return len(pack(datatype, [0]))


@pytest.fixture
def in_bytes(example, outputs):
    """Return a request for outputs in binary form."""
    requested = [{"name": name, "parameters": {"binary_data": True}} for name in outputs]
    return example.body(outputs=requested)


@pytest.mark.statement("binary-input")
def test_inputs_may_be_bytes(subject, example, same):
    plain = subject.infer(example.body())
    same(subject.infer(*example.binary()), plain)


@pytest.mark.statement("binary-input-mixed")
@pytest.mark.usefixtures("several_inputs")
@pytest.mark.parametrize("remainder", [0, 1])
def test_some_inputs_may_be_bytes(subject, example, same, remainder):
    inputs = example.inputs
    as_bytes = [i % 2 == remainder for i in range(len(inputs))]
    objects = [t.binary() if b else t.json() for t, b in zip(inputs, as_bytes, strict=True)]
    raw = [t.raw() for t, b in zip(inputs, as_bytes, strict=True) if b]
    plain = subject.infer(example.body())
    same(subject.infer(*binary({"inputs": objects}, *raw)), plain)


@pytest.mark.statement("binary-input-mixed")
@pytest.mark.usefixtures("several_inputs")
def test_bytes_stand_in_the_order_of_the_json(subject, example, same):
    plain = subject.infer(example.body())
    same(subject.infer(*Example(example.inputs[::-1]).binary()), plain)


def with_texts(example):
    return Example([
        replace(tensor, data=[TEXTS[i % len(TEXTS)] for i in range(len(tensor.data))])
        if tensor.datatype == "BYTES" else tensor
        for tensor in example.inputs
    ])  # fmt: skip


@pytest.mark.statement("binary-input-bytes")
def test_texts_of_any_length_and_script_are_the_same_as_bytes(subject, example, same):
    if all(tensor.datatype != "BYTES" for tensor in example.inputs):
        pytest.skip("the model has no input of BYTES")
    described = subject.tensors("inputs").values()
    batch = bool(described) and all(tensor["shape"][:1] == [-1] for tensor in described)
    texts = with_texts(example.with_rows(len(TEXTS)) if batch else example)
    plain = subject.post_infer(texts.body())
    if plain.status == 200:
        same(subject.infer(*texts.binary()), InferenceResponse(plain))
    else:  # the model does not accept such texts, in JSON or as bytes
        rejected(subject.post_infer(*texts.binary()))


@pytest.mark.statement("binary-output")
def test_output_that_is_requested_as_bytes_has_the_same_values(subject, example, in_bytes, same):
    plain = subject.infer(example.body())
    response = subject.infer(in_bytes)
    for name, output in response.outputs.items():
        assert output.raw is not None, f"output {name!r}: expected a `binary_data_size`; got none"
        assert "data" not in output.described, f"output {name!r} has bytes and `data`"
    same(response, plain)


@pytest.mark.statement("binary-output-header")
def test_header_says_how_long_the_json_is(subject, example, in_bytes):
    headers = subject.post_infer(in_bytes).headers
    assert LENGTH.lower() in headers, f"expected the header {LENGTH}; got none"
    plain = subject.post_infer(example.body())
    length = plain.headers.get(LENGTH.lower())
    assert length in (None, str(len(plain.body))), f"expected no {LENGTH}; got {length}"


@pytest.mark.statement("binary-output-size")
def test_sizes_are_those_of_shape_and_datatype(subject, in_bytes):
    response = subject.infer(in_bytes)
    total = 0
    for name, output in response.outputs.items():
        size, elements = output.size or 0, math.prod(output.shape)
        total += size
        if output.datatype in FORMATS:
            wanted = elements * width(output.datatype)
            assert size == wanted, f"output {name!r}: expected {wanted} bytes; got {size}"
        else:
            count = len(unpack(output.datatype, output.raw or b""))
            assert count == elements, f"output {name!r}: expected {elements} texts; got {count}"
    assert total == len(response.rest), f"{len(response.rest)} bytes follow; the sizes say {total}"


def forms(response):
    return {name: output.raw is not None for name, output in response.outputs.items()}


@pytest.mark.statement("binary-output-default")
def test_all_outputs_may_be_requested_as_bytes(subject, example):
    got = forms(subject.infer(example.body(parameters={"binary_data_output": True})))
    assert all(got.values()), f"expected every output as bytes; got {got}"


@pytest.mark.statement("binary-output-override")
@pytest.mark.parametrize("own", [True, False])
def test_what_an_output_says_goes_before_what_the_request_says(subject, example, outputs, own):
    requested = [{"name": name, "parameters": {"binary_data": own}} for name in outputs]
    body = example.body(outputs=requested, parameters={"binary_data_output": not own})
    got = forms(subject.infer(body))
    assert set(got.values()) == {own}, f"expected bytes: {own} for every output; got {got}"


@pytest.mark.statement("binary-output-mixed")
def test_each_output_is_returned_as_requested(subject, example, several_outputs, same):
    plain = subject.infer(example.body())
    wanted = {name: i % 2 == 0 for i, name in enumerate(several_outputs)}
    requested = [
        {"name": name, "parameters": {"binary_data": binary}} for name, binary in wanted.items()
    ]
    response = subject.infer(example.body(outputs=requested))
    assert forms(response) == wanted, f"expected bytes: {wanted}; got {forms(response)}"
    same(response, plain)


@pytest.mark.statement("binary-output-bool")
def test_booleans_are_bytes_of_0_and_1(subject, in_bytes):
    response = subject.infer(in_bytes)
    booleans = [output for output in response.outputs.values() if output.datatype == "BOOL"]
    if not booleans:
        pytest.skip("the model has no output of BOOL")
    for output in booleans:
        assert set(output.raw or b"") <= {0, 1}, f"expected bytes of 0 and 1; got {output.raw}"


@pytest.fixture
def raw(subject, example):
    """Return one row of the only input; skip models for which raw requests are not defined."""
    if len(example.inputs) > 1:
        pytest.skip("a raw request needs a model of one input")
    described = subject.tensors("inputs").get(example.inputs[0].name, {"shape": [-1, -1]})
    if example.inputs[0].datatype == "BYTES" or described["shape"].count(-1) > 1:
        pytest.skip("a raw request needs an input whose shape follows from its length")
    return (example.with_rows(1) if described["shape"][:1] == [-1] else example).inputs[0]


RAW = {"Content-Type": "application/octet-stream", LENGTH: "0"}


@pytest.mark.statement("binary-raw")
def test_whole_body_may_be_the_data(subject, raw, same):
    plain = subject.infer(Example([raw]).body())
    response = subject.infer(raw.raw(), RAW)
    assert all(forms(response).values()), f"expected every output as bytes; got {forms(response)}"
    same(response, plain)


@pytest.mark.statement("binary-raw-length")
def test_raw_data_that_fit_no_shape_are_rejected(subject, raw):
    if len(raw.raw()) == 1:
        pytest.skip("every length fits the shape")
    rejected(subject.post_infer(raw.raw()[:-1], RAW))
