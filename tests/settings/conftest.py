"""Fixtures: rendered projects of both presets, and the outcomes of configurations in them."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest


@pytest.fixture(scope="session", params=["production", "minimal"])
def project(request, render) -> Path:
    """A rendered project; `SETTINGS_PROJECTS` names a folder with others, by preset."""
    others = os.environ.get("SETTINGS_PROJECTS")
    return Path(others) / request.param if others else render(preset=request.param)


@pytest.fixture(scope="session")
def load(project, commands):
    """Load configurations in one process of the project; return their outcomes, in order."""

    def load_all(*cases):
        done = subprocess.run(
            [commands / "python", Path(__file__).with_name("outcomes.py")],
            cwd=project,
            env={"PATH": os.environ["PATH"]},
            input=json.dumps(cases),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return load_all


@pytest.fixture
def unexplained(load):
    """Load configurations; return those whose one problem is not reported as the table says."""

    def try_all(table):
        outcomes = load(*(case for case, _ in table.values()))
        found = {}
        for (situation, (_, expected)), outcome in zip(table.items(), outcomes, strict=True):
            problem = re.sub(r"^Configuration error:\n +(/\S*/)?", "", outcome.get("error", ""))
            if "\n" in problem or not re.match(f"{re.escape(expected)}", problem):
                found[situation] = outcome
        return found

    return try_all


@pytest.fixture(scope="session")
def attempt(project, commands):
    """Start the service, which is expected to end by itself; return exit code and output."""

    def start(*prefix, **variables):
        return subprocess.run(
            [*prefix, commands / "python", "src/main.py"],
            cwd=project,
            env={"PATH": os.environ["PATH"], "API_PORT": "0", "API_HOST": "127.0.0.1"} | variables,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return start
