"""The binary tensor data extension: wrong lengths."""

from functools import partial

import pytest

from open_inference_conformance.checks import client_error, envelope, rejected
from open_inference_conformance.malformed import MALFORMED
from open_inference_conformance.suite.cases import cases_of

pytestmark = pytest.mark.extension("binary_tensor_data")

cases = partial(cases_of, MALFORMED)


@pytest.fixture
def response(request, subject, example, exchanges):
    """Return the response to a malformed request; each is sent once and used by two tests."""
    name, case = request.param
    sent = MALFORMED[name][case](example)
    if sent is None:
        pytest.skip("the model has no input of BYTES")
    if request.param not in exchanges:
        subject.post_infer(*sent)
        exchanges[request.param] = subject.exchange
    subject.exchange = exchanges[request.param]
    return subject.exchange[1]


@pytest.mark.statement("binary-header-too-long")
@cases("binary-header-too-long")
def test_header_length_beyond_the_body_is_rejected(response):
    rejected(response)


@pytest.mark.statement("binary-header-too-short")
@cases("binary-header-too-short")
def test_header_length_that_cuts_the_json_is_rejected(response):
    rejected(response)


@pytest.mark.statement("binary-header-no-length")
@cases("binary-header-no-length")
def test_header_length_that_is_none_is_rejected(response):
    rejected(response)


@pytest.mark.statement("binary-size-too-big")
@cases("binary-size-too-big")
def test_size_beyond_the_body_is_rejected(response):
    rejected(response)


@pytest.mark.statement("binary-size-disagrees")
@cases("binary-size-disagrees")
def test_size_that_is_not_the_shapes_is_rejected(response):
    rejected(response)


@pytest.mark.statement("binary-size-no-length")
@cases("binary-size-no-length")
def test_size_that_is_none_is_rejected(response):
    rejected(response)


@pytest.mark.statement("binary-leftover")
@cases("binary-leftover")
def test_bytes_that_belong_to_nothing_are_rejected(response):
    rejected(response)


@pytest.mark.statement("binary-bytes-prefix")
@cases("binary-bytes-prefix")
def test_text_that_runs_past_the_end_is_rejected(response):
    rejected(response)


@pytest.mark.statement("binary-data-twice")
@cases("binary-data-twice")
def test_data_given_in_both_ways_are_rejected(response):
    rejected(response)


@pytest.mark.statement("binary-error-envelope")
@cases(*MALFORMED)
def test_rejection_of_bytes_says_why(response):
    if response.status >= 400:  # else the case's own test fails
        client_error(response)
        envelope(response)
