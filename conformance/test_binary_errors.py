"""The binary tensor data extension: lengths that are wrong."""

import pytest

from conformance.checks import client_error, envelope, refused
from conformance.lies import LIES

pytestmark = pytest.mark.extension("binary_tensor_data")
ALL = [(name, case) for name, lies in LIES.items() for case in lies]


def cases(name):
    return pytest.mark.parametrize("lie", LIES[name].values(), ids=list(LIES[name]))


def tell(subject, example, lie):
    sent = lie(example)
    if sent is None:
        pytest.skip("the model has no input of BYTES")
    return subject.infer(*sent)


@pytest.mark.statement("binary-header-too-long")
@cases("binary-header-too-long")
def test_header_length_beyond_the_body_is_refused(subject, example, lie):
    refused(tell(subject, example, lie))


@pytest.mark.statement("binary-header-too-short")
@cases("binary-header-too-short")
def test_header_length_that_cuts_the_json_is_refused(subject, example, lie):
    refused(tell(subject, example, lie))


@pytest.mark.statement("binary-header-no-length")
@cases("binary-header-no-length")
def test_header_length_that_is_none_is_refused(subject, example, lie):
    refused(tell(subject, example, lie))


@pytest.mark.statement("binary-size-too-big")
@cases("binary-size-too-big")
def test_size_beyond_the_body_is_refused(subject, example, lie):
    refused(tell(subject, example, lie))


@pytest.mark.statement("binary-size-disagrees")
@cases("binary-size-disagrees")
def test_size_that_is_not_the_shapes_is_refused(subject, example, lie):
    refused(tell(subject, example, lie))


@pytest.mark.statement("binary-size-no-length")
@cases("binary-size-no-length")
def test_size_that_is_none_is_refused(subject, example, lie):
    refused(tell(subject, example, lie))


@pytest.mark.statement("binary-leftover")
@cases("binary-leftover")
def test_bytes_that_belong_to_nothing_are_refused(subject, example, lie):
    refused(tell(subject, example, lie))


@pytest.mark.statement("binary-bytes-prefix")
@cases("binary-bytes-prefix")
def test_text_that_runs_past_the_end_is_refused(subject, example, lie):
    refused(tell(subject, example, lie))


@pytest.mark.statement("binary-data-twice")
@cases("binary-data-twice")
def test_data_given_in_both_ways_are_refused(subject, example, lie):
    refused(tell(subject, example, lie))


@pytest.mark.statement("binary-error-envelope")
@pytest.mark.parametrize(("name", "case"), ALL)
def test_refusal_of_bytes_says_why(subject, example, name, case):
    response = tell(subject, example, LIES[name][case])
    if response.status >= 400:  # else the case's own test fails
        client_error(response)
        envelope(response)
