"""A circuit breaker: after failures in a row, an upstream gets no requests for a while."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from pybreaker import (
    STATE_CLOSED,
    STATE_HALF_OPEN,
    STATE_OPEN,
    CircuitBreaker,
    CircuitMemoryStorage,
)

from .errors import UpstreamUnavailableError, is_failure

logger = logging.getLogger(__name__)

TRIAL_S = 1.0  # after which a client may try again while one request tries the upstream


class Breaker:
    """Closed: all requests pass. Open: none does, until the next one may try.

    pybreaker counts and changes the state. It is told the outcome of a request and not the request:
    its own calls hold a lock, and would take a client that disconnects for a success or a failure.
    """

    def __init__(self, url: str, failures: int, open_s: float) -> None:
        self._url, self._open_s = url, open_s
        self._storage = CircuitMemoryStorage(STATE_CLOSED)
        self._breaker = CircuitBreaker(
            failures, open_s, state_storage=self._storage, throw_new_error_on_trip=False
        )
        self._is_tried = False
        self.on_change: Callable[[bool], object] = lambda _: None
        """Called with whether it is open, when that changes."""

    @property
    def is_open(self) -> bool:
        """Whether requests are rejected, but for one that tries."""
        return self._breaker.current_state != STATE_CLOSED

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Enclose a request. Errors other than failures, such as a disconnect, change nothing.

        Raises:
            UpstreamUnavailableError: The breaker is open.
        """
        is_trial = self._enter()
        try:
            yield
        except Exception as exc:
            if is_failure(exc):
                self.failed(exc)
            raise
        else:
            self.succeeded()
        finally:
            if is_trial:
                self._is_tried = False

    def succeeded(self) -> None:
        """Close, since the upstream responds."""
        self._record(lambda: None)

    def failed(self, exc: BaseException) -> None:
        """Count a failure; open after too many."""

        def fail() -> None:
            raise exc

        self._record(fail)

    def _enter(self) -> bool:
        """Return whether a request is the one that tries."""
        if not self.is_open:
            return False
        if (wait_s := self._seconds_left()) or self._is_tried:
            raise UpstreamUnavailableError(wait_s or TRIAL_S)
        if self._breaker.current_state != STATE_HALF_OPEN:
            self._breaker.half_open()
        self._is_tried = True
        return True

    def _seconds_left(self) -> float:
        opened_at = self._storage.opened_at
        if self._breaker.current_state != STATE_OPEN or opened_at is None:
            return 0
        return max(0, self._open_s - (datetime.now(UTC) - opened_at).total_seconds())

    def _record(self, outcome: Callable[[], None]) -> None:
        was_open, was = self.is_open, self._breaker.current_state
        if was == STATE_OPEN:
            return  # of a request that began before
        with suppress(Exception):
            self._breaker.call(outcome)
        if self._breaker.current_state == STATE_OPEN:
            logger.warning("Requests to %s are rejected for %g s", self._url, self._open_s)
        elif was_open and not self.is_open:
            logger.info("Requests to %s pass again", self._url)
        if self.is_open != was_open:
            self.on_change(self.is_open)
