"""Requests in JSON that must be rejected."""

from functools import partial

import pytest

from open_inference_conformance.checks import client_error, envelope, rejected
from open_inference_conformance.invalid_requests import INVALID_REQUESTS, first_input
from open_inference_conformance.subject import UNKNOWN
from open_inference_conformance.suite.cases import cases_of
from open_inference_conformance.tensors import make

cases = partial(cases_of, INVALID_REQUESTS)


@pytest.fixture
def response(request, subject, example, exchanges):
    """Return the response to an invalid request; each is sent once and used by several tests."""
    name, case = request.param
    if request.param not in exchanges:
        subject.post_infer(INVALID_REQUESTS[name][case](example))
        exchanges[request.param] = subject.exchange
    subject.exchange = exchanges[request.param]
    return subject.exchange[1]


@pytest.mark.statement("error-bad-json")
@cases("error-bad-json")
def test_body_that_is_no_json_is_rejected(response):
    rejected(response)


@pytest.mark.statement("error-not-an-object")
@cases("error-not-an-object")
def test_body_that_is_no_object_is_rejected(response):
    rejected(response)


@pytest.mark.statement("error-no-inputs")
@cases("error-no-inputs")
def test_request_without_a_list_of_inputs_is_rejected(response):
    rejected(response)


@pytest.mark.statement("error-input-fields")
@cases("error-input-fields")
def test_input_without_one_of_its_fields_is_rejected(response):
    rejected(response)


@pytest.mark.statement("error-missing-input")
@cases("error-missing-input")
def test_missing_input_is_rejected(response):
    rejected(response)


@pytest.mark.statement("error-data-shape")
@cases("error-data-shape")
def test_data_that_do_not_fill_the_shape_are_rejected(response):
    rejected(response)


@pytest.mark.statement("error-shape-numbers")
@cases("error-shape-numbers")
def test_dimension_that_is_no_whole_number_is_rejected(response):
    rejected(response)


@pytest.mark.statement("error-datatype-unknown")
@cases("error-datatype-unknown")
def test_datatype_that_is_not_in_the_table_is_rejected(response):
    rejected(response)


@pytest.mark.statement("error-element")
@cases("error-element")
def test_element_that_is_not_of_the_datatype_is_rejected(response):
    rejected(response)


@pytest.mark.statement("error-unknown-output")
@cases("error-unknown-output")
def test_output_that_the_model_does_not_have_is_rejected(response):
    rejected(response)


@pytest.mark.statement("error-datatype-mismatch")
@cases("error-datatype-mismatch")
def test_datatype_that_is_not_the_models_is_rejected(response):
    rejected(response)


@pytest.mark.statement("error-unknown-input")
@cases("error-unknown-input")
def test_input_that_the_model_does_not_have_is_rejected(response):
    rejected(response)


@pytest.mark.statement("error-duplicate-input")
@cases("error-duplicate-input")
def test_input_that_is_given_twice_is_rejected(response):
    rejected(response)


@pytest.mark.statement("error-fixed-dimension")
def test_dimension_that_is_not_the_models_is_rejected(subject, example):
    described = subject.tensors("inputs")
    first = example.inputs[0]
    fixed = [i for i, n in enumerate(described.get(first.name, {}).get("shape", [])) if n >= 0]
    if not fixed:
        pytest.skip("the first input has no fixed dimension")
    shape = [n + 1 if i == fixed[-1] else n for i, n in enumerate(first.shape)]
    other = make(first.name, first.datatype, shape)
    rejected(subject.post_infer(first_input(shape=shape, data=other.data)(example)))


def unknown_things(subject, example):
    yield subject.get(subject.path(model=UNKNOWN))
    yield subject.post_infer(example.body(), path=subject.path("infer", model=UNKNOWN))
    if subject.versions:
        yield subject.get(subject.path(version=UNKNOWN))
        yield subject.post_infer(example.body(), path=subject.path("infer", version=UNKNOWN))


@pytest.mark.statement("error-envelope")
@cases(*INVALID_REQUESTS)
def test_rejection_says_why(response):
    if response.status >= 400:  # else the case's own test fails
        envelope(response)


@pytest.mark.statement("error-envelope")
def test_rejection_of_what_is_unknown_says_why(subject, example):
    for response in unknown_things(subject, example):
        if response.status >= 400:
            envelope(response)


@pytest.mark.statement("error-4xx")
@cases(*INVALID_REQUESTS)
def test_rejection_is_the_clients_fault(response):
    if response.status >= 400:
        client_error(response)


@pytest.mark.statement("error-4xx")
def test_unknown_model_or_version_is_the_clients_fault(subject, example):
    for response in unknown_things(subject, example):
        if response.status >= 400:
            client_error(response)
