"""Settings that limit the effects of clients and faults."""

from typing import Self

from pydantic import Field, field_validator, model_validator

from .base import Section

SHORTEST_WATCH_S = 0.1


class HardeningSettings(Section):
    """Limits, deadlines, drain, watchdog: `HARDENING__MAX_WAITING=16` in the environment."""

    workers: int = Field(default=1, ge=1, le=256)
    """Processes that serve, if `start-server` starts them; each loads the model."""
    max_waiting: int = Field(default=128, ge=0, le=100_000)
    """Requests that may wait for a busy model; more are rejected with 503 at once."""
    max_body_bytes: int = Field(default=10_000_000, ge=1, le=1_000_000_000)
    """Largest body of a request, after decompression; a larger one is rejected with 413, and so is
    JSON with too many values or names: above ten million bytes, more of them are allowed."""
    max_held_bytes: int = Field(default=64_000_000, ge=1, le=100_000_000_000)
    """Bytes of all bodies in memory, and a sixteenth more for bodies of at most 16 kB; beyond that,
    requests are rejected with 503."""
    max_header_bytes: int = Field(default=64_000, ge=1_000, le=1_000_000)
    """Most bytes of a request's headers; more are rejected with 431."""
    header_timeout_s: float = Field(default=10, gt=0, le=3600)
    """Seconds for a client to send its headers; then the connection is closed."""
    body_timeout_s: float = Field(default=20, gt=0, le=3600)
    """Seconds for a client to send its body; then the response is 408."""
    send_timeout_s: float = Field(default=20, gt=0, le=3600)
    """Seconds that a client may not read its response, or read it slower than 1 kB a second."""
    drain_s: float = Field(default=2, ge=0, le=600)
    """Seconds after SIGTERM in which requests are still accepted while `/ready` is 503."""
    watchdog_s: float = Field(default=30, ge=0, le=3600)
    """Seconds that the event loop may be blocked, once the model is loaded; 0 means no limit."""

    @field_validator("watchdog_s")
    @classmethod
    def _long_enough(cls, seconds: float) -> float:
        if 0 < seconds < SHORTEST_WATCH_S:
            raise ValueError(f"must be 0, or at least {SHORTEST_WATCH_S}: less ends every process")
        return seconds

    @model_validator(mode="after")
    def _room_for_one_body(self) -> Self:
        if self.max_held_bytes < self.max_body_bytes:
            raise ValueError("max_held_bytes must be at least max_body_bytes")
        return self
