"""The request that a model works for."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple


class RequestContext(NamedTuple):
    """Facts about a request; without id and headers in a batch, which belongs to several."""

    id: str = ""
    """Request id, as in the log and in `X-Request-ID`."""
    headers: Mapping[str, str] = {}
    """Headers that the setting `service.request_headers` chooses, by name in lower case."""
    deadline: float | None = None
    """End of the time for the call, in seconds of `time.monotonic`; None without a limit."""

    @property
    def time_left(self) -> float | None:
        """Seconds until the deadline, such as for the timeout of an upstream."""
        return None if self.deadline is None else max(0.001, self.deadline - time.monotonic())


_NONE = RequestContext()
request_context: ContextVar[RequestContext] = ContextVar("request", default=_NONE)


def current_request() -> RequestContext:
    """Return the request of this task or thread."""
    return request_context.get()


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Set the deadline for a block."""
    deadline = time.monotonic() + seconds
    token = request_context.set(request_context.get()._replace(deadline=deadline))
    try:
        yield
    finally:
        request_context.reset(token)
