"""Plain HTTP: nothing is added, followed, retried or decompressed."""

import http.client
import json
import shlex
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_S = 60
SHORT = 300
"""Number of characters of a body that a failure shows."""


class NoResponseError(Exception):
    """The server closed the connection, timed out or sent something other than HTTP."""


@dataclass(frozen=True)
class Request:
    """A request as it is sent."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes | None

    def __str__(self) -> str:
        """Return a curl command, with a long body cut."""
        headers = [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in self.headers.items()]
        data = [] if self.body is None else [f"-d {shlex.quote(short(self.body))}"]
        return " ".join([f"curl -X {self.method} {self.url}", *headers, *data])


@dataclass(frozen=True)
class Response:
    """A response as it came, with the names of headers in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body read as JSON; raise `AssertionError` if it is not JSON."""
        try:
            return json.loads(self.body)
        except ValueError as exc:
            raise AssertionError(f"the body is not JSON: {exc}") from exc

    def __str__(self) -> str:
        """Return status, content type and body, a long one cut."""
        kind = self.headers.get("content-type", "no content type")
        return f"{self.status}, {kind}: {short(self.body) or '(empty)'}"


def short(body: bytes) -> str:
    """Return a body on one line, a long one cut."""
    text = body.decode("utf-8", "backslashreplace")
    text = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
    return text if len(text) <= SHORT else f"{text[:SHORT]}… ({len(body)} bytes)"


def send(request: Request) -> Response:
    """Send a request on a new connection.

    Raises:
        NoResponseError: No HTTP response arrived.
    """
    parts = urlsplit(request.url)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
    try:
        connection.putrequest(request.method, parts.path or "/", skip_accept_encoding=True)
        length = {} if request.body is None else {"Content-Length": str(len(request.body))}
        for name, value in (length | request.headers).items():
            connection.putheader(name, value)
        connection.endheaders(request.body)
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Response(response.status, headers, response.read())
    except (OSError, http.client.HTTPException) as exc:
        raise NoResponseError(f"{type(exc).__name__}: {exc}") from exc
    finally:
        connection.close()
