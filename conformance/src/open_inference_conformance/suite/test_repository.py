"""The model repository extension: its index; models are neither loaded nor unloaded."""

import pytest

from open_inference_conformance.checks import envelope, rejected, text

pytestmark = pytest.mark.extension("model_repository")
PATH = "/v2/repository/index"


def check_index(subject, response):
    assert response.status == 200, f"expected 200; got {response.status}"
    index = response.json()
    assert isinstance(index, list), f"expected a list of models; got {type(index).__name__}"
    for model in index:
        text(model, "name", "state", "reason")
        text({"version": "", **model}, "version")
    names = [model["name"] for model in index]
    assert subject.model in names, f"expected {subject.model!r} among the models; got {names}"


@pytest.mark.statement("repository-index")
def test_index_lists_the_model(subject):
    check_index(subject, subject.post(PATH, {}))


@pytest.mark.statement("repository-index-ready")
def test_index_of_what_is_ready_lists_the_model(subject):
    check_index(subject, subject.post(PATH, {"ready": True}))


@pytest.mark.statement("repository-index-empty")
def test_index_takes_an_empty_body(subject):
    check_index(subject, subject.post(PATH, b"", {}))


@pytest.mark.statement("repository-index-error")
def test_body_of_the_index_that_is_no_json_is_rejected(subject):
    response = subject.post(PATH, b"no json")
    rejected(response)
    envelope(response)
