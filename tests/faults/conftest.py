"""Fixtures of the fault tests: a rendered project with faulty models, and services of it."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

import pytest

from tools.service import Service, running

from .process import PATIENCE_S

Serve = Callable[..., AbstractContextManager[Service]]
Variables = Callable[..., dict[str, str]]

# Quick ends: the tests of draining set their own delays.
QUICK = {"HARDENING__DRAIN_S": "0"}


@pytest.fixture(scope="session")
def project(render) -> Path:
    """A render of the production preset, with the faulty models beside its own.

    `FAULTS_PROJECT` names another project, such as one that was broken on purpose.
    """
    return _with_models(Path(os.environ.get("FAULTS_PROJECT") or render()))


@pytest.fixture(scope="session")
def minimal_project(render) -> Path:
    """A render of the minimal preset, or the one that `FAULTS_MINIMAL` names."""
    return _with_models(Path(os.environ.get("FAULTS_MINIMAL") or render(preset="minimal")))


def _with_models(folder: Path) -> Path:
    for file in Path(__file__).with_name("models").glob("*.py"):
        shutil.copy(file, folder / "src/models")
    return folder


@pytest.fixture(scope="session")
def command(commands) -> list[str]:
    """Return the command that starts the service, from the environment that all renders share."""
    return [str(commands / "python"), "src/main.py"]


@pytest.fixture(scope="session")
def variables() -> Variables:
    """Return the environment variables of a service: nothing of this process but the path."""

    def give(model: str = "", **more: object) -> dict[str, str]:
        env = {"PATH": os.environ["PATH"], **QUICK, "MODEL__IMPLEMENTATION": model}
        return env | {name: str(value) for name, value in more.items()}

    return give


@pytest.fixture(scope="session")
def serve(project, command, variables, tmp_path_factory) -> Serve:
    """Run a service: `with serve("slow_model:Slow", SERVICE__THREADS=1) as service`."""

    return partial(_serve, project, command, variables, tmp_path_factory)


@pytest.fixture(scope="session")
def serve_minimal(minimal_project, command, variables, tmp_path_factory) -> Serve:
    """Run a service of the minimal preset."""
    return partial(_serve, minimal_project, command, variables, tmp_path_factory)


@contextmanager
def _serve(
    folder: Path,
    command: list[str],
    variables: Variables,
    tmp_path_factory: pytest.TempPathFactory,
    model: str = "",
    ready: str = "/ready",
    **more: object,
) -> Iterator[Service]:
    log = tmp_path_factory.mktemp("service") / "log"
    env = variables(model, **more)
    with running(command, cwd=folder, env=env, log=log, ready=ready) as service:
        yield service


@pytest.fixture(scope="session")
def attempt(project, command, variables) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Start a service that is expected to end by itself; return its exit code and output."""

    def start(model: str = "", **more: object) -> subprocess.CompletedProcess[str]:
        env = variables(model, API_HOST="127.0.0.1", **{"API_PORT": 0, **more})
        return subprocess.run(
            command, cwd=project, env=env, capture_output=True, text=True, timeout=PATIENCE_S
        )

    return start


@pytest.fixture(scope="session")
def text(serve) -> Iterator[Service]:
    """A service of the template's own model, which takes text."""
    with serve() as service:
        yield service


@pytest.fixture(scope="session")
def numbers(serve) -> Iterator[Service]:
    """A service of a model that takes a list of numbers."""
    with serve("numbers_model:Numbers") as service:
        yield service


@pytest.fixture(scope="session")
def minimal(render, command, tmp_path_factory) -> Serve:
    """Run a service of the minimal preset: `with minimal("watched_model:Numbers") as service`."""
    folder = Path(os.environ.get("FAULTS_MINIMAL") or render(preset="minimal"))
    for file in Path(__file__).with_name("models").glob("*.py"):
        shutil.copy(file, folder / "src/models")

    @contextmanager
    def start(model: str = "", **more: object) -> Iterator[Service]:
        env = {"PATH": os.environ["PATH"], "MODEL__IMPLEMENTATION": model}
        env |= {name: str(value) for name, value in more.items()}
        log = tmp_path_factory.mktemp("minimal") / "log"
        with running(command, cwd=folder, env=env, log=log) as service:
            yield service

    return start


@pytest.fixture(scope="module")
def chunks(serve) -> Iterator[Service]:
    """A service of a model that yields its prediction in chunks."""
    with serve("stream_model:Words") as service:
        yield service


@pytest.fixture(scope="module")
def faulty(serve) -> Iterator[Service]:
    """A service of a model that fails as its input says."""
    with serve("faulty_model:Faulty", MODEL__CACHE_SIZE=0) as service:
        yield service


def pytest_terminal_summary(terminalreporter):
    """Print the numbers that were measured."""
    reports = [r for kind in ("passed", "failed") for r in terminalreporter.getreports(kind)]
    numbers = [text for r in reports for name, text in r.user_properties if name == "number"]
    if numbers:
        terminalreporter.section("Measured under faults")
        terminalreporter.write_line("\n".join(numbers))
