"""Metadata of the server and the model."""

import pytest

from open_inference_conformance.checks import fits, rejected, success, text
from open_inference_conformance.subject import UNKNOWN
from open_inference_conformance.tensors import DATATYPES


def check_server(body):
    text(body, "name", "version")
    extensions = body.get("extensions")
    assert isinstance(extensions, list), f"expected a list `extensions`; got {extensions!r}"
    assert all(isinstance(name, str) for name in extensions), "expected names of extensions"


@pytest.mark.statement("server-metadata")
def test_server_says_name_version_extensions(subject):
    check_server(success(subject.get("/v2")))


@pytest.mark.statement("server-metadata-slash")
def test_server_metadata_are_at_the_path_with_a_slash_too(subject):
    check_server(success(subject.get("/v2/")))


@pytest.mark.statement("model-metadata")
def test_model_metadata_name_the_model(subject):
    body = success(subject.get(subject.path()))
    assert body.get("name") == subject.model, f"expected its name; got {body.get('name')!r}"


@pytest.mark.statement("model-metadata-platform")
def test_model_metadata_name_a_platform(subject):
    text(success(subject.get(subject.path())), "platform")


@pytest.mark.statement("model-metadata-tensors")
@pytest.mark.parametrize("side", ["inputs", "outputs"])
def test_tensors_have_name_datatype_shape(subject, side):
    listed = success(subject.get(subject.path())).get(side)
    assert isinstance(listed, list), f"expected a list `{side}`; got {listed!r}"
    for tensor in listed:
        text(tensor, "name", "datatype")
        datatype, shape = tensor["datatype"], tensor.get("shape")
        assert datatype in DATATYPES, f"expected a datatype of the table; got {datatype!r}"
        dimensions = isinstance(shape, list) and all(type(n) is int and n >= -1 for n in shape)
        assert dimensions, f"expected a shape of whole numbers, -1 or more; got {shape!r}"


def check_tensors(used, described):
    """Check that tensors of a request or a response match the metadata."""
    names = {name for name, _, _ in used}
    assert names == described.keys(), (
        f"the metadata list {sorted(described)}; used are {sorted(names)}"
    )
    for name, datatype, shape in used:
        told = described[name]["datatype"], described[name]["shape"]
        assert datatype == told[0] and fits(shape, told[1]), (
            f"{name!r} is {told[0]} {told[1]} in the metadata; {datatype} {shape} is used"
        )


@pytest.mark.statement("model-metadata-inputs")
def test_listed_inputs_are_those_that_the_model_takes(subject, example):
    subject.infer(example.body())
    used = [(tensor.name, tensor.datatype, tensor.shape) for tensor in example.inputs]
    check_tensors(used, subject.tensors("inputs"))


@pytest.mark.statement("model-metadata-outputs")
def test_listed_outputs_are_those_that_the_model_gives(subject, example):
    response = subject.infer(example.body())
    used = [(name, output.datatype, output.shape) for name, output in response.outputs.items()]
    check_tensors(used, subject.tensors("outputs"))


@pytest.mark.statement("model-metadata-versions")
@pytest.mark.usefixtures("version")
def test_every_listed_version_can_be_requested(subject):
    for version in subject.versions:
        assert isinstance(version, str), f"expected versions that are texts; got {version!r}"
        success(subject.get(subject.path(version=version)))


@pytest.mark.statement("model-metadata-unknown")
def test_unknown_model_has_no_metadata(subject):
    rejected(subject.get(subject.path(model=UNKNOWN)))


@pytest.mark.statement("model-metadata-unknown-version")
@pytest.mark.usefixtures("version")
def test_unknown_version_has_no_metadata(subject):
    rejected(subject.get(subject.path(version=UNKNOWN)))
