"""Running a rendered service: start it on a free port, send requests, end it by its process id."""

import json
import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

START_SECONDS = 180  # as long as a busy machine may take; a quiet one takes two
ANSWER_SECONDS = 120


@dataclass
class Service:
    """A running service."""

    process: subprocess.Popen[str]
    url: str
    log: Path

    def request(
        self, path: str, body: object = None, *, method: str | None = None
    ) -> tuple[int, Any, Mapping[str, str]]:
        """Send a request; return status, decoded JSON (or text) and headers."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)
        if data is not None:
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
                return _read(answer, answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return _read(error, error.code)


@contextmanager
def running(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    log: Path,
    ready: str = "/ready",
) -> Iterator[Service]:
    """Run a service until the block ends; the block starts when `ready` returns 200.

    Raises:
        RuntimeError: It did not start; the message has its log.
    """
    variables = {**env, "API_HOST": "127.0.0.1", "API_PORT": "0", "PYTHONUNBUFFERED": "1"}
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            command, cwd=cwd, env=variables, stdout=output, stderr=output, text=True,
            start_new_session=True,
        )  # fmt: skip
    try:
        yield Service(process, _wait_until(ready, process, log), log)
    finally:
        stop(process)


def stop(process: subprocess.Popen[str], seconds: float = 60) -> int:
    """Stop a process and the children it started, whatever they do; return its exit code."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return process.wait(seconds)
    finally:
        with suppress(ProcessLookupError):  # its children may still run
            os.killpg(process.pid, signal.SIGKILL)


def _wait_until(path: str, process: subprocess.Popen[str], log: Path) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if url := re.search(r"running on (http://\S+)", log.read_text("utf-8", "replace")):
            try:
                urllib.request.urlopen(url[1] + path, timeout=ANSWER_SECONDS).close()
            except OSError:
                pass  # not listening or not ready yet
            else:
                return url[1]
        time.sleep(0.05)
    raise RuntimeError(f"The service did not start:\n{log.read_text('utf-8', 'replace')}")


def _read(answer: Any, status: int) -> tuple[int, Any, Mapping[str, str]]:
    content = answer.read().decode()
    headers = {name.lower(): value for name, value in answer.headers.items()}
    is_json = "json" in headers.get("content-type", "")
    return status, json.loads(content) if is_json else content, headers
