"""Leases: a request uses one version of a model, until its response is sent."""

from collections import Counter
from collections.abc import Callable, Mapping
from contextvars import ContextVar

from ..inference_service import InferenceService

users: Counter[InferenceService] = Counter()
"""Number of requests that use a service; it has those that are in use."""


class Lease:
    """The services that one request uses: those chosen for it, until it ends."""

    def __init__(self, headers: Mapping[bytes, bytes]) -> None:
        self.headers = headers
        self.later: list[Callable[[], object]] = []
        """Called when the response has been sent."""
        self.is_over = False
        self._chosen: dict[InferenceService, InferenceService] = {}

    def choose(
        self, model: InferenceService, choose: Callable[[], InferenceService]
    ) -> InferenceService:
        """Return the service that predicts for a model in this request."""
        if model not in self._chosen:
            self._chosen[model] = service = choose()
            users[service] += 1
        return self._chosen[model]

    def end(self) -> None:
        """Release the services, so that they can be replaced."""
        self.is_over = True
        for service in self._chosen.values():
            release(service)
        for call in self.later:
            call()


def release(service: InferenceService) -> None:
    """Count a user less."""
    users[service] -= 1
    if not users[service]:
        del users[service]  # its memory can be freed


current_lease: ContextVar[Lease | None] = ContextVar("lease", default=None)


def lease_of_request() -> Lease | None:
    """Return the lease of the request of this task; None after its response, and outside of one."""
    lease = current_lease.get()
    return None if lease is None or lease.is_over else lease
