"""Checks that several tests share."""

from typing import Any

from open_inference_conformance.transport import Response


def rejected(response: Response) -> None:
    """Check that the status is an error."""
    assert 400 <= response.status < 600, f"expected an error status; got {response.status}"


def envelope(response: Response) -> None:
    """Check that the body is the protocol's error object."""
    body = response.json()
    error = body.get("error") if isinstance(body, dict) else None
    assert isinstance(error, str), 'expected {"error": "…"}, a text; got something else'
    assert error.strip(), "expected an `error` that says something; got an empty text"


def client_error(response: Response) -> None:
    """Check that the status is a client error, 4xx."""
    assert 400 <= response.status < 500, f"expected a status from 400 to 499; got {response.status}"


def success(response: Response) -> Any:
    """Check that the status is 200 and return the JSON object of the body."""
    assert response.status == 200, f"expected 200; got {response.status}"
    body = response.json()
    assert isinstance(body, dict), f"expected a JSON object; got {type(body).__name__}"
    return body


def text(body: dict[str, Any], *names: str) -> None:
    """Check that these fields are strings."""
    for name in names:
        assert isinstance(body.get(name), str), f"expected a text `{name}`; got {body.get(name)!r}"


def fits(shape: Any, described: Any) -> bool:
    """Return whether a shape matches a described one, whose variable dimensions are -1."""
    return (
        isinstance(shape, list)
        and isinstance(described, list)
        and len(shape) == len(described)
        and all(wanted in (-1, given) for given, wanted in zip(shape, described, strict=True))
    )
