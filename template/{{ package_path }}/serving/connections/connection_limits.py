"""Limits of connections from the settings; rejected connections are counted."""

from fastapi import FastAPI

from ...api.dependencies import state_of
from ...config.settings import Settings


def install(app: FastAPI, settings: Settings) -> None:
    """Set the limits of connections; do not start on a server that cannot enforce them."""
    service, limits = state_of(app).inference_service, settings.hardening

    def on_reject(reason: str) -> None:
        service.observer.on_rejection(reason)

    state_of(app).connection_limits |= {
        "headers_s": limits.header_timeout_s,
        # Later than the 408 for a request whose body is being read.
        "body_s": limits.body_timeout_s + 1,
        "send_s": limits.send_timeout_s,
        "max_header_bytes": limits.max_header_bytes,
        "on_reject": on_reject,
        "is_strict": True,
    }
