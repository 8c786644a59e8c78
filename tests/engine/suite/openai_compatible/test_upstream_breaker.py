"""The breaker alone: which outcomes count, and who may try."""

import asyncio
import time

import pytest

from src.core.errors import InvalidInputError, PredictionTimeoutError, TransientModelError
from src.models.openai_backend.breaker import Breaker
from src.models.openai_backend.errors import (
    UpstreamBusyError,
    UpstreamError,
    UpstreamUnavailableError,
)

DOWN = TransientModelError("down")
NEUTRAL = [
    InvalidInputError(""),
    UpstreamBusyError(""),
    UpstreamError(""),
    asyncio.CancelledError(),
    GeneratorExit(),
]


@pytest.fixture
def changes():
    return []


@pytest.fixture
def breaker(changes):
    breaker = Breaker("http://upstream", failures=2, open_s=0.1)
    breaker.on_change = changes.append
    return breaker


def attempt(breaker, exc=None):
    with breaker.attempt():
        if exc is not None:
            raise exc


def fail(breaker, exc=DOWN, times=2):
    for _ in range(times):
        with pytest.raises(type(exc)):
            attempt(breaker, exc)


@pytest.mark.parametrize(
    "exc", [DOWN, PredictionTimeoutError(""), UpstreamError("", is_failure=True)]
)
def test_failures_in_a_row_open_it(breaker, changes, exc):
    fail(breaker, exc, times=1)
    attempt(breaker)
    fail(breaker, exc, times=1)
    assert not breaker.is_open, "not in a row"
    fail(breaker, exc, times=1)
    assert breaker.is_open
    with pytest.raises(UpstreamUnavailableError) as rejected:
        attempt(breaker)
    assert 0 < rejected.value.retry_after_s <= 0.1
    assert changes == [True]


@pytest.mark.parametrize("exc", NEUTRAL, ids=lambda exc: type(exc).__name__)
def test_what_is_no_failure_neither_counts_nor_resets_the_count(breaker, exc):
    fail(breaker, times=1)
    fail(breaker, exc, times=3)
    assert not breaker.is_open
    fail(breaker, times=1)
    assert breaker.is_open


def test_one_request_tries_and_closes_it(breaker, changes):
    fail(breaker)
    time.sleep(0.11)
    with breaker.attempt():
        with pytest.raises(UpstreamUnavailableError):
            attempt(breaker)
        assert breaker.is_open
    assert not breaker.is_open
    attempt(breaker)
    assert changes == [True, False]


def test_request_that_tries_and_fails_opens_it_again(breaker, changes):
    fail(breaker)
    time.sleep(0.11)
    fail(breaker, times=1)
    with pytest.raises(UpstreamUnavailableError):
        attempt(breaker)
    assert changes == [True]


@pytest.mark.parametrize("exc", NEUTRAL, ids=lambda exc: type(exc).__name__)
def test_request_that_tries_and_is_no_failure_lets_the_next_one_try(breaker, exc):
    fail(breaker)
    time.sleep(0.11)
    fail(breaker, exc, times=2)
    assert breaker.is_open
    attempt(breaker)
    assert not breaker.is_open


def test_late_outcomes_of_older_requests_do_not_change_an_open_breaker(breaker):
    with breaker.attempt():
        fail(breaker)
    assert breaker.is_open
