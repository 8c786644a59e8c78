"""An upstream: its client, and what encloses each request to it."""

import logging
import time
from asyncio import CancelledError, sleep
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from ...core.errors import ConfigError, PredictionTimeoutError
from ...core.request import current_request
from .breaker import Breaker
from .errors import UpstreamBusyError, UpstreamError, UpstreamUnavailableError, explain
from .observer import UpstreamObserver

logger = logging.getLogger(__name__)

NO_KEY = "none"  # else the client takes that of the environment, wherever the upstream is
SHOWN = 10  # names of models
NO_ROUTE = {404, 405}


class Upstream:
    """An API of OpenAI, with one client and one breaker."""

    def __init__(
        self, url: str, api_key: str, breaker: Breaker, observer: UpstreamObserver
    ) -> None:
        from openai import AsyncOpenAI  # takes a second

        self.url, self.breaker = url, breaker
        self.client = AsyncOpenAI(base_url=url, api_key=api_key or NO_KEY, max_retries=0)
        breaker.on_change = lambda is_open: observer.on_breaker(is_open=is_open)
        self._busy_until = 0.0

    async def check(self, model: str) -> None:
        """Check that the upstream responds, takes the key and, if it lists its models, has one.

        Raises:
            ConfigError: It rejects the key, or lacks the model.
            TransientModelError: It is down, or busy.
        """
        from openai import APIStatusError

        try:
            async with self._request() as options:
                listed = [one.id async for one in self.client.models.list(**options)]
        except UpstreamError as exc:
            cause = exc.__cause__
            if isinstance(cause, APIStatusError) and cause.status_code in NO_ROUTE:
                return  # the first prediction tells
            raise ConfigError(exc.reason) from exc
        if listed and model not in listed:
            shown = ", ".join(listed[:SHOWN])
            logger.warning("%s does not list the model %s, only: %s", self.url, model, shown)

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[dict[str, Any]]:
        """Enclose a request: yield options for it, and raise its errors as those of the service.

        Raises:
            ServiceError: The request failed, or must not be sent now.
        """
        await self._wait_while_busy()
        with self.breaker.attempt():
            try:
                async with self._request() as options:
                    yield options
            except UpstreamError as exc:
                logger.warning("%s", exc.reason)
                raise
            except CancelledError as exc:
                if _is_late():  # not because the client disconnected
                    self.breaker.failed(PredictionTimeoutError(f"{exc}"))
                raise

    @asynccontextmanager
    async def _request(self) -> AsyncIterator[dict[str, Any]]:
        try:
            yield _options()
        except Exception as exc:
            error = explain(exc, self.url)
            if isinstance(error, UpstreamBusyError):
                self._busy_until = time.monotonic() + _retry_after(exc)
            raise error from exc

    async def _wait_while_busy(self) -> None:
        """Wait as long as the upstream has asked for.

        Raises:
            UpstreamUnavailableError: That is longer than this request may take.
        """
        pause_s = self._busy_until - time.monotonic()
        if pause_s > (current_request().time_left or 0):
            raise UpstreamUnavailableError(pause_s)
        await sleep(max(0, pause_s))


def _options() -> dict[str, Any]:
    request, options = current_request(), dict[str, Any]()
    if request.time_left is not None:
        options["timeout"] = request.time_left
    if request.id:
        options["extra_headers"] = {"X-Request-ID": request.id}
    return options


def _is_late() -> bool:
    deadline = current_request().deadline
    return deadline is not None and time.monotonic() >= deadline


def _retry_after(exc: Any) -> float:
    """Return the seconds of `Retry-After`; 0 for a date, which clocks disagree about."""
    text: str = exc.response.headers.get("retry-after", "")
    return float(text) if text.replace(".", "", 1).isdecimal() else 0
