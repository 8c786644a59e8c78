"""The subjects: this template and one peer, from nothing to a response over HTTP."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tools.managers import INSTALL, TOOLS, ensure_environment, environment
from tools.service import stop
from tools.template import snapshot

PEER, PEER_NEEDS = "fastapi_template==6.1.2", (3, 12)
STEP_SECONDS, START_SECONDS = 900, 120
LOG = "bench.log"
BEGIN = time.monotonic()


class Seconds(NamedTuple):
    """The duration of each phase of one run."""

    render: float
    install: float
    start: float

    @property
    def total(self) -> float:
        """Seconds from the first command to the first response."""
        return sum(self)


def isolated(manager: str, cache: Path) -> dict[str, str]:
    """Return the manager's environment (`pdm+uv`: PDM's with uv), every cache below one folder."""
    caches = {f"{name}_CACHE_DIR": str(cache / name) for name in ("UV", "POETRY", "PDM", "PIP")}
    return {**environment(*manager.split("+")), **caches, "POETRY_VIRTUALENVS_IN_PROJECT": "true"}


def run_template(manager: str, folder: Path, env: Mapping[str, str]) -> Seconds:
    """Scaffold with this template, install, start, and wait for a prediction."""
    template, project = snapshot(folder / "template"), folder / "ml-service"
    copier = [str(Path(sys.executable).with_name("copier")), "copy", "--defaults", "--quiet"]
    manager = manager.partition("+")[0]
    data = ["--data", f"package_manager={manager}"]
    render = execute("copier copy", [*copier, *data, str(template), str(project)], folder, env)
    install = execute("install", INSTALL[manager], project, env)
    url = f"http://127.0.0.1:{(port := free_port())}/predict?input=This+is+good"
    env = {**env, "API_HOST": "127.0.0.1", "API_PORT": str(port)}
    start = first_answer([manager, "run", "start-server"], project, env, url, "POST")
    return Seconds(render, install, start)


def run_peer(_: str, folder: Path, env: Mapping[str, str]) -> Seconds:
    """Generate with the peer, which installs itself; start it, and wait for its health route."""
    generator = ensure_environment(TOOLS / "fastapi_template", [PEER]) / "fastapi_template"
    choices = ["--api-type", "rest", "--db", "none", "--orm", "none", "--ci", "none"]
    began, project = time.time(), folder / "peer_service"
    command = [str(generator), "--quiet", "--name", project.name, *choices]
    execute("generate and install", command, folder, {**env, "GIT_CONFIG_GLOBAL": os.devnull})
    # Its hook does `git init`, `uv sync`, `pre-commit install`, and lints: files have the times.
    if not (project / ".git" / "hooks" / "pre-commit").is_file():
        raise RuntimeError(f"{(folder / LOG).read_text('utf-8')}\nThe peer did not install itself.")
    rendered = (project / ".git" / "HEAD").stat().st_mtime
    installed = (project / ".venv" / "bin").stat().st_mtime
    url = f"http://127.0.0.1:{(port := free_port())}/api/health"
    own = {"HOST": "127.0.0.1", "PORT": str(port), "RELOAD": "False"}
    env = {**env, **{f"PEER_SERVICE_{name}": value for name, value in own.items()}}
    start = first_answer(["uv", "run", "-m", project.name], project, env, url, "GET")
    return Seconds(rendered - began, installed - rendered, start)


@contextmanager
def running(
    command: list[str], folder: Path, env: Mapping[str, str]
) -> Iterator[subprocess.Popen[str]]:
    """Run a command, with its output in a log file, until the block ends."""
    with (folder / LOG).open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            text=True, start_new_session=True,
        )  # fmt: skip
    try:
        yield process
    finally:
        stop(process)


def execute(name: str, command: list[str], folder: Path, env: Mapping[str, str]) -> float:
    """Run a command to its end, and return the seconds it took."""
    say(f"  {name} …")
    began = time.monotonic()
    with running(command, folder, env) as process:
        if code := process.wait(STEP_SECONDS):
            output = (folder / LOG).read_text("utf-8")
            raise RuntimeError(f"{output}\n{' '.join(command)}: exit code {code}")
    return time.monotonic() - began


def first_answer(
    command: list[str], folder: Path, env: Mapping[str, str], url: str, method: str
) -> float:
    """Start a service, return the seconds until its first 200, and end it."""
    say("  start …")
    began = time.monotonic()
    with running(command, folder, env) as process:
        while time.monotonic() < began + START_SECONDS and process.poll() is None:
            try:
                request = urllib.request.Request(url, method=method)
                with urllib.request.urlopen(request, timeout=10):
                    return time.monotonic() - began
            except OSError:  # not listening, or not ready, yet
                time.sleep(0.02)
    raise RuntimeError(f"{(folder / LOG).read_text('utf-8')}\n{' '.join(command)}: no response")


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def say(text: str) -> None:
    """Print what happens, with the seconds since the start."""
    print(f"[{time.monotonic() - BEGIN:4.0f} s] {text}", flush=True)
