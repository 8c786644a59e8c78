"""HTTP as it is sent: nothing added, followed, retried or decompressed."""

import http.client
import json
import shlex
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_S = 60
SHORT = 300
"""Characters of a body that a failure shows."""


class NoAnswerError(Exception):
    """The server closed the connection, or was too slow, or spoke no HTTP."""


@dataclass(frozen=True)
class Request:
    """What is sent."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes | None

    def __str__(self) -> str:
        """Show it as a command for curl, with the body cut short."""
        headers = [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in self.headers.items()]
        data = [] if self.body is None else [f"-d {shlex.quote(short(self.body))}"]
        return " ".join([f"curl -X {self.method} {self.url}", *headers, *data])


@dataclass(frozen=True)
class Response:
    """What came back, with the names of headers in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Read the body as JSON; an `AssertionError` if it is none."""
        try:
            return json.loads(self.body)
        except ValueError as exc:
            raise AssertionError(f"the body is no JSON: {exc}") from exc

    def __str__(self) -> str:
        """Show status, content type and the body cut short."""
        kind = self.headers.get("content-type", "no content type")
        return f"{self.status}, {kind}: {short(self.body) or '(empty)'}"


def short(body: bytes) -> str:
    """Show a body on one line."""
    text = body.decode("utf-8", "backslashreplace")
    text = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
    return text if len(text) <= SHORT else f"{text[:SHORT]}… ({len(body)} bytes)"


def send(request: Request) -> Response:
    """Send a request on a connection of its own.

    Raises:
        NoAnswerError: No HTTP answer came.
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
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return Response(answer.status, headers, answer.read())
    except (OSError, http.client.HTTPException) as exc:
        raise NoAnswerError(f"{type(exc).__name__}: {exc}") from exc
    finally:
        connection.close()
