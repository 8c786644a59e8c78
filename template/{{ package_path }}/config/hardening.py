"""Settings that bound what clients and faults can do to the service."""

from typing import Self

from pydantic import Field, model_validator

from .section import Section


class HardeningSettings(Section):
    """Limits, deadlines, drain, watchdog: `HARDENING__MAX_WAITING=16` in the environment."""

    workers: int = Field(default=1, ge=1, le=256)
    """Processes that serve, if `start-server` starts them; each loads the model."""
    max_waiting: int = Field(default=128, ge=0, le=100_000)
    """Requests that may wait while the model is busy; further ones are answered 503 at once."""
    max_body_bytes: int = Field(default=10_000_000, ge=1, le=1_000_000_000)
    """Largest body of a request, after decompression; a larger one is answered 413."""
    max_held_bytes: int = Field(default=64_000_000, ge=1, le=100_000_000_000)
    """Bytes of all bodies held at a time; beyond, requests are answered 503."""
    max_header_bytes: int = Field(default=64_000, ge=1_000, le=1_000_000)
    """Most bytes of a request's headers; more are answered 431."""
    header_timeout_s: float = Field(default=10, gt=0, le=3600)
    """Seconds for a client to send its headers; then the connection is closed."""
    body_timeout_s: float = Field(default=20, gt=0, le=3600)
    """Seconds for a client to send its body; then the answer is 408."""
    drain_s: float = Field(default=2, ge=0, le=600)
    """Seconds after SIGTERM in which requests are still taken while `/ready` says 503."""
    watchdog_s: float = Field(default=30, ge=0, le=3600)
    """Seconds that the event loop may be blocked before the process ends itself; 0 for ever."""

    @model_validator(mode="after")
    def _room_for_one_body(self) -> Self:
        if self.max_held_bytes < self.max_body_bytes:
            raise ValueError("max_held_bytes must be at least max_body_bytes, or no such body fits")
        return self
