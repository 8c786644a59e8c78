"""A client that sends what no HTTP library would: bytes, in pieces, late, or not at all."""

import json
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

from tools.service import Service

JSON = "application/json"


@dataclass
class Answer:
    """A response, and the seconds until its last byte."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float = field(default=0, compare=False)

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """One connection to a service."""

    def __init__(self, service: Service, timeout: float = 120) -> None:
        self.socket = socket.create_connection(address(service), timeout)
        self._received = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send bytes; a connection that the service has closed shows when the response is read."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(data)

    def answer(self) -> Answer:
        """Read one response; raise `ConnectionError` if there is none."""
        started = time.perf_counter()
        while b"\r\n\r\n" not in self._received:
            self._receive()
        top, _, self._received = self._received.partition(b"\r\n\r\n")
        first, *lines = top.decode("latin-1").split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
        if "content-length" not in headers:  # so it ends with its last chunk or the connection
            is_chunked = headers.get("transfer-encoding") == "chunked"
            with suppress(ConnectionError):
                while not (is_chunked and self._received.endswith(b"0\r\n\r\n")):
                    self._receive()
        length = int(headers.get("content-length", len(self._received)))
        while len(self._received) < length:
            self._receive()
        body, self._received = self._received[:length], self._received[length:]
        return Answer(int(first.split()[1]), headers, body, time.perf_counter() - started)

    def is_closed(self, within: float = 120) -> bool:
        """Return whether the service closes the connection in so many seconds."""
        self.socket.settimeout(within)
        try:
            while self.socket.recv(65536):
                pass
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False
        return True

    def _receive(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("The service closed the connection without an answer")
        self._received += data


def address(service: Service) -> tuple[str, int]:
    url = urlsplit(service.url)
    return str(url.hostname), int(url.port or 0)


def head(method: str, path: str, **headers: object) -> bytes:
    """Return the bytes before a body; `content_length=5` becomes a header."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([f"{method} {path} HTTP/1.1", "host: faults", *lines, "", ""]).encode()


def post_bytes(path: str, body: bytes, **headers: object) -> bytes:
    """Return the bytes of a request with a body, JSON unless the headers say otherwise."""
    headers = {"content_type": JSON, "content_length": len(body), **headers}
    return head("POST", path, **headers) + body


def ask(service: Service, data: bytes, timeout: float = 120) -> Answer:
    """Send bytes on a new connection; return the response, timed from the first byte."""
    with Client(service, timeout) as client:
        started = time.perf_counter()
        client.send(data)
        answer = client.answer()
        answer.seconds = time.perf_counter() - started
        return answer


def get(service: Service, path: str) -> Answer:
    return ask(service, head("GET", path))


def post(
    service: Service, path: str, body: object, timeout: float = 120, **headers: object
) -> Answer:
    """Send a body; anything but bytes is sent as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return ask(service, post_bytes(path, content, **headers), timeout)


def assert_problem(answer: Answer, *statuses: int) -> None:
    """Check a response against the envelope of all errors, and a limit of two kilobytes."""
    assert answer.status in statuses, answer
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(answer.body) <= 2048
    problem = answer.json()
    assert problem["status"] == answer.status
    assert {"title", "detail"} <= problem.keys()
    assert problem["request_id"] == answer.headers["x-request-id"]
