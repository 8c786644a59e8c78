"""Leases: a request uses one version of a model, until its response is sent."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar

from ..inference_service import InferenceService

users: dict[InferenceService, int] = {}
"""Number of requests that use a service; it has those that are in use."""


class Lease:
    """The services that one request uses: those chosen for it, until it ends."""

    __slots__ = "chosen", "headers", "is_over", "later"

    def __init__(self, headers: Mapping[bytes, bytes]) -> None:
        self.headers = headers
        self.chosen: dict[InferenceService, InferenceService] = {}
        """Services of versions, by those of their models."""
        self.later: list[Callable[[], object]] = []
        """Called when the response has been sent."""
        self.is_over = False

    def use(self, model: InferenceService, service: InferenceService) -> InferenceService:
        """Let a service predict for a model in this request, and return it."""
        self.chosen[model] = service
        add_user(service)
        return service

    def end(self) -> None:
        """Release the services, so that they can be replaced."""
        self.is_over = True
        for service in self.chosen.values():
            release(service)
        for call in self.later:
            call()


def add_user(service: InferenceService) -> None:
    """Count a user more."""
    users[service] = users.get(service, 0) + 1


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
