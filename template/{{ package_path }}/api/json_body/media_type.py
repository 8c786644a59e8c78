"""Media types of request bodies."""

from functools import lru_cache

from starlette.types import Scope

from ..dependencies import RequestState


def media_type(scope: Scope, default: bytes = b"") -> bytes:
    """Return the media type of a request's body, without parameters, in lower case."""
    state: RequestState = scope["state"]
    return _without_parameters(state["headers"].get(b"content-type", default))


def is_json(kind: bytes) -> bool:
    """Return whether a media type is JSON, by FastAPI's rule."""
    return kind == b"application/json" or (
        kind.startswith(b"application/") and kind.endswith(b"+json")
    )


@lru_cache(maxsize=64)
def _without_parameters(content_type: bytes) -> bytes:
    return content_type.partition(b";")[0].strip().lower()
