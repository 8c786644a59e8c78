"""Helpers of the system tests: required programs, rendering, this machine's network."""

import json
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tools.managers import INSTALL, ROOT, environment

CACHE = ROOT / ".cache"
MANAGERS = tuple(INSTALL)

DEAD_PROXY = "127.0.0.1:9"  # the discard port, where nothing listens
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--proxy-server={DEAD_PROXY}",
]

CERTIFICATES = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_INDEX = ("UV_DEFAULT_INDEX", "PDM_PYPI_URL", "POETRY_PYPI_MIRROR_URL")


def require(program: str, install: str) -> str:
    """Return the path of a program; fail with the command that installs it if it is missing."""
    path = shutil.which(program)
    if path is None:
        pytest.fail(f"{program} is missing. Install it with: {install}", pytrace=False)
    return path


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end and capture its output; the caller checks the exit code."""
    return subprocess.run(
        command, cwd=cwd, env=env, input=stdin, capture_output=True, text=True, check=False
    )


def must(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: str = "",
) -> str:
    """Run a command that has to succeed, and return its output."""
    done = run(command, cwd=cwd, env=env, stdin=stdin)
    if done.returncode:
        raise AssertionError(f"{command} gave {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def network(*managers: str) -> dict[str, str]:
    """Return the variables by which a program reaches the package index from this machine."""
    variables = environment(*managers)
    found = {name: variables[name] for name in (*CERTIFICATES, *_INDEX) if name in variables}
    found |= {k: v for k, v in variables.items() if re.fullmatch(r"(?i)(https?|no)_proxy", k)}
    if "UV_DEFAULT_INDEX" in found:
        found["PIP_INDEX_URL"] = found["UV_DEFAULT_INDEX"]
    return found


def network_events(log: Path) -> dict[str, list[dict[str, object]]]:
    """Return the parameters of a browser's network events, by kind, from its `--log-net-log`."""
    written = json.loads(log.read_text("utf-8"))
    names = {number: name for name, number in written["constants"]["logEventTypes"].items()}
    begin = written["constants"]["logEventPhase"]["PHASE_BEGIN"]
    events: dict[str, list[dict[str, object]]] = {}
    for event in written["events"]:
        if event["phase"] == begin:
            events.setdefault(names[event["type"]], []).append(event.get("params", {}))
    return events
