"""Running a rendered service: start it on a free port, ask it, end it by its own process id."""

import json
import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

START_SECONDS = 60


@dataclass
class Service:
    """A running service."""

    process: subprocess.Popen[str]
    url: str
    log: Path

    def request(
        self, path: str, body: object = None, *, method: str | None = None
    ) -> tuple[int, Any, Mapping[str, str]]:
        """Ask the service; give status, decoded JSON (or text) and headers."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)
        if data is not None:
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return _read(answer, answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return _read(error, error.code)


@contextmanager
def running(
    command: Sequence[str], *, cwd: Path, env: Mapping[str, str], log: Path
) -> Iterator[Service]:
    """Run a service until the block ends.

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
        yield Service(process, _wait_until_ready(process, log), log)
    finally:
        stop(process)


def stop(process: subprocess.Popen[str], seconds: float = 15) -> int:
    """End a process and the children it started; give its exit code."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return process.wait(seconds)


def _wait_until_ready(process: subprocess.Popen[str], log: Path) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if url := re.search(r"running on (http://\S+)", log.read_text("utf-8")):
            try:
                urllib.request.urlopen(f"{url[1]}/ready", timeout=5).close()
            except OSError:
                pass  # not listening or not ready yet
            else:
                return url[1]
        time.sleep(0.05)
    raise RuntimeError(f"The service did not start:\n{log.read_text('utf-8')}")


def _read(answer: Any, status: int) -> tuple[int, Any, Mapping[str, str]]:
    content = answer.read().decode()
    headers = {name.lower(): value for name, value in answer.headers.items()}
    is_json = "json" in headers.get("content-type", "")
    return status, json.loads(content) if is_json else content, headers
