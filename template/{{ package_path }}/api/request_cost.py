"""Cost of request bodies: the largest size, and the number of values in JSON."""

from typing import Any

from fastapi import HTTPException
from starlette.types import Scope

from ..config.settings import Settings
from ..utils.json_cost import MAX_UNITS, SMALL, is_costly
from .dependencies import RequestState
from .json_body.media_type import media_type

BODILESS = {"GET", "HEAD", "OPTIONS"}  # their bodies are not read
JSON_LENGTH = b"inference-header-content-length"  # number of JSON bytes; tensors follow
CLIENT_DISCONNECTED = 499  # as in nginx
TOO_COSTLY = "The JSON body has too many values or names"


def max_body_bytes(settings: Settings) -> int:
    """Return the setting of `hardening`, or of `service` without that feature."""
    section: Any = getattr(settings, "hardening", settings.service)
    return int(section.max_body_bytes)


def body_statuses(settings: Settings) -> tuple[int, ...]:
    """Return the statuses of responses to bodies that are not read, for OpenAPI."""
    return (400, 408, 413, 415) if hasattr(settings, "hardening") else (413, 415)


def check_cost(scope: Scope, content: bytes, most: int = MAX_UNITS) -> None:
    """Raise 413 for a body that will be parsed as JSON and has too many values or names."""
    if len(content) <= SMALL:
        return
    state: RequestState = scope["state"]
    headers = state["headers"]
    is_v2 = "/v2/" in scope["path"]
    kind = media_type(scope, b"application/json")
    is_parsed = is_v2 or kind.endswith((b"/json", b"+json"))  # a route of yours may parse all these
    length = headers.get(JSON_LENGTH, b"")
    # Other routes do not read that header.
    if is_v2 and scope["path"].endswith("/infer") and length.isdigit():
        content = content[: int(length[:12])]
    if is_parsed and is_costly(content, most):
        raise HTTPException(413, TOO_COSTLY)


def too_large(max_bytes: int) -> str:
    """Return the detail of a 413 response."""
    return f"The body must not exceed {max_bytes:,} bytes".replace(",", " ")
