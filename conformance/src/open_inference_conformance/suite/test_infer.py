"""Requests in JSON that succeed."""

import math

import pytest

from open_inference_conformance.checks import rejected
from open_inference_conformance.subject import UNKNOWN
from open_inference_conformance.tensors import DATATYPES, depths, flatten, is_element

PARAMETERS = {"conformance_text": "a text", "conformance_number": 1.5, "conformance_flag": True}


@pytest.mark.statement("infer-answer")
def test_response_has_outputs_with_all_their_fields(subject, example):
    for output in subject.infer(example.body()).body["outputs"]:
        name, shape, datatype = (output.get(field) for field in ("name", "shape", "datatype"))
        assert isinstance(name, str), f"expected a text `name`; got {name!r}"
        dimensions = isinstance(shape, list) and all(type(n) is int and n >= 0 for n in shape)
        assert dimensions, f"expected a shape of whole numbers; got {shape!r}"
        assert datatype in DATATYPES, f"expected a datatype of the table; got {datatype!r}"
        assert isinstance(output.get("data"), list), f"expected a list `data` of output {name!r}"


@pytest.mark.statement("infer-content-type")
def test_json_is_called_json(subject, example):
    for body in (example.body(), b"{"):
        kind = subject.post_infer(body).headers.get("content-type", "none")
        assert kind.partition(";")[0].strip() == "application/json", f"got content type {kind}"


@pytest.mark.statement("infer-model-name")
def test_response_names_the_model(subject, example):
    name = subject.infer(example.body()).body.get("model_name")
    assert name == subject.model, f"expected `model_name` {subject.model!r}; got {name!r}"


@pytest.mark.statement("infer-model-version")
def test_version_in_the_response_is_one_of_the_models(subject, example):
    body = subject.infer(example.body()).body
    if "model_version" not in body:
        return
    version = body["model_version"]
    assert isinstance(version, str), f"expected a text `model_version`; got {version!r}"
    listed = subject.versions
    assert not listed or version in listed, f"expected one of {listed}; got {version!r}"


@pytest.mark.statement("infer-version")
def test_version_can_be_requested(subject, example, version, same):
    response = subject.infer(example.body(), path=subject.path("infer", version=version))
    used = response.body.get("model_version")
    assert used == version, f"expected `model_version` {version!r}; got {used!r}"
    same(response, subject.infer(example.body()))


@pytest.mark.statement("infer-unknown-model")
def test_unknown_model_is_an_error(subject, example):
    rejected(subject.post_infer(example.body(), path=subject.path("infer", model=UNKNOWN)))


@pytest.mark.statement("infer-unknown-version")
@pytest.mark.usefixtures("version")
def test_unknown_version_is_an_error(subject, example):
    rejected(subject.post_infer(example.body(), path=subject.path("infer", version=UNKNOWN)))


@pytest.mark.statement("infer-id")
def test_id_is_given_back(subject, example):
    given = "conformance 42 é"
    got = subject.infer(example.body(id=given)).body.get("id")
    assert got == given, f"expected `id` {given!r}; got {got!r}"


@pytest.mark.statement("infer-no-id")
def test_no_id_is_made_up(subject, example):
    got = subject.infer(example.body()).body.get("id")
    assert got in (None, ""), f"expected no `id`; got {got!r}"


@pytest.mark.statement("infer-all-outputs")
def test_all_outputs_are_returned_unless_some_are_requested(subject, example):
    returned = subject.infer(example.body()).outputs.keys()
    missing = subject.tensors("outputs").keys() - returned
    assert not missing, f"expected every output of the metadata; {sorted(missing)} are missing"


@pytest.mark.statement("infer-selected-output")
def test_requested_output_is_returned_alone(subject, example, outputs):
    for name in outputs:
        got = list(subject.infer(example.body(outputs=[{"name": name}])).outputs)
        assert got == [name], f"expected output {name!r} alone; got {got}"


@pytest.mark.statement("infer-outputs-order")
def test_outputs_come_as_requested(subject, example, several_outputs):
    wanted = several_outputs[::-1]
    body = example.body(outputs=[{"name": name} for name in wanted])
    got = list(subject.infer(body).outputs)
    assert got == wanted, f"expected the outputs in the order {wanted}; got {got}"


@pytest.mark.statement("infer-inputs-order")
@pytest.mark.usefixtures("several_inputs")
def test_inputs_may_come_in_any_order(subject, example, same):
    plain = subject.infer(example.body())
    same(subject.infer(example.body(inputs=example.body()["inputs"][::-1])), plain)


@pytest.mark.statement("infer-flat-and-nested")
def test_nested_data_are_the_same_as_flat_ones(subject, example, same):
    plain = subject.infer(example.body())
    same(subject.infer(example.nested()), plain)


@pytest.mark.statement("infer-output-length")
def test_output_has_as_many_elements_as_its_shape_says(subject, example):
    for name, output in subject.infer(example.body()).outputs.items():
        data, shape = output.described.get("data"), output.shape
        nested = depths(data)
        fine = len(flatten(data)) == math.prod(shape) and nested in (shape, [math.prod(shape)])
        assert fine, f"output {name!r}: the shape is {shape}, the data are nested {nested}"


@pytest.mark.statement("infer-output-elements")
def test_elements_are_of_the_datatype(subject, example):
    for name, output in subject.infer(example.body()).outputs.items():
        wrong = [v for v in output.data if not is_element(output.datatype.upper(), v)]
        assert not wrong, f"output {name!r} is {output.datatype}; it has {wrong[0]!r}"


@pytest.mark.statement("infer-batch")
def test_three_rows_get_three_rows(subject, example):
    tensors = [*subject.tensors("inputs").values(), *subject.tensors("outputs").values()]
    if not tensors or not all(tensor["shape"][:1] == [-1] for tensor in tensors):
        pytest.skip("the first dimension is not variable everywhere")
    for name, output in subject.infer(example.with_rows(3).body()).outputs.items():
        assert output.shape[:1] == [3], f"output {name!r}: expected 3 rows; got {output.shape}"


@pytest.mark.statement("infer-parameters")
@pytest.mark.parametrize("place", ["request", "input", "output"])
def test_unknown_parameters_change_nothing(subject, example, outputs, same, place):
    body = example.body(outputs=[{"name": name} for name in outputs])
    plain = subject.infer(body)
    places = {"request": [body], "input": body["inputs"], "output": body["outputs"]}
    for described in places[place]:
        described["parameters"] = PARAMETERS
    same(subject.infer(body), plain)


@pytest.mark.statement("infer-answer-parameters")
def test_parameters_of_the_response_are_scalars(subject, example):
    body = subject.infer(example.body()).body
    for described in [body, *body["outputs"]]:
        given = described.get("parameters", {})
        assert isinstance(given, dict), f"expected an object `parameters`; got {given!r}"
        for name, value in given.items():
            scalar = isinstance(value, str | int | float | bool)
            assert scalar, f"parameter {name!r}: expected a text, number, boolean; got {value!r}"


@pytest.mark.statement("infer-no-content-type")
def test_json_without_a_content_type_is_accepted(subject, example):
    subject.infer(example.body(), headers={})
