"""`scripts/setup_env.sh` where nothing is set and only what a test names is found."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.system.support import MANAGERS, must, network, require, run
from tools.managers import ensure, environment
from tools.service import running

COMMANDS = ("bash", "cp", "dirname", "grep", "head", "rm", "sort")


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """An empty home, shared so that packages are downloaded once."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def python() -> Path:
    """The Python outside all environments, by the name that the script looks for."""
    found = shutil.which("python3", path=environment()["PATH"])
    assert found
    return Path(found)


@pytest.fixture
def machine(tmp_path, home):
    """Give the environment of a machine that has these programs and a few of a Unix, no more."""

    def machine(*programs: Path, **variables: str) -> dict[str, str]:
        folder = tmp_path / "bin"
        folder.mkdir()
        for command in COMMANDS:
            (folder / command).symlink_to(require(command, "apt-get install bash coreutils grep"))
        for program in programs:
            (folder / program.name).symlink_to(program)
        return {"PATH": str(folder), "HOME": str(home), **variables}

    return machine


@pytest.fixture
def project(render, tmp_path):
    """Render a project into a folder of that name."""

    def project(manager: str, name: str = "service") -> Path:
        folder: Path = tmp_path / name
        shutil.copytree(render(package_manager=manager), folder)
        return folder

    return project


@pytest.mark.parametrize("manager", MANAGERS)
def test_setup_uses_the_chosen_manager_and_can_be_repeated(
    manager, project, machine, python, lock_file, tmp_path
):
    folder = project(manager, "my service")
    shutil.copy(lock_file(manager), folder)
    env = machine(ensure(manager) / manager, python, **network(manager))
    told = setup(folder, env, cwd=tmp_path)
    assert f"Installing with {manager} …" in told
    assert "Created .env from .env.example." in told
    assert (folder / ".env").read_bytes() == (folder / ".env.example").read_bytes()
    assert (folder / ".venv/bin/start-server").is_file()

    (folder / ".env").write_text("LOG_LEVEL=DEBUG\n", "utf-8")
    told = setup(folder, env, cwd=folder / "src")
    assert ".env is already there: left as it is." in told
    assert (folder / ".env").read_text("utf-8") == "LOG_LEVEL=DEBUG\n"
    assert_starts(told, folder, env)


def test_setup_without_the_chosen_manager_uses_pip_in_an_environment_of_its_own(
    project, machine, python, tmp_path
):
    folder = project("poetry")
    env = machine(python, **network())
    before = packages(python, env)
    told = setup(folder, env, cwd=tmp_path)
    assert "poetry is not here (Poetry must be 2.2 or newer); using pip instead." in told
    assert packages(python, env) == before
    assert {"fastapi", "pytest", "ml-service"} <= packages(folder / ".venv/bin/python", env).keys()
    assert (folder / ".env").is_file()
    assert start_command(told) == ".venv/bin/start-server"
    assert_starts(told, folder, env)


@pytest.mark.parametrize("with_old_python", [False, True], ids=["bare", "old Python"])
def test_setup_says_what_to_install_where_nothing_suits(
    with_old_python, project, machine, tmp_path
):
    folder = project("pdm")
    old = [_fake(tmp_path, "python3", "exit 1")] if with_old_python else []
    done = run([folder / "scripts/setup_env.sh"], cwd=tmp_path, env=machine(*old))
    assert done.returncode == 1
    assert "pipx install pdm" in done.stderr
    assert "Python 3.11 or newer" in done.stderr
    assert not (folder / ".env").exists()


@pytest.mark.parametrize(
    ("version", "used"),
    [("2.1.0", "uv"), ("1.9.9", "uv"), ("2.2.0", "poetry"), ("2.10.1", "poetry")],
)
def test_setup_passes_over_a_poetry_that_is_too_old(version, used, project, machine, tmp_path):
    poetry = _fake(tmp_path, "poetry", f'echo "Poetry (version {version})" "$@"')
    uv = _fake(tmp_path, "uv", 'echo uv "$@"')
    told = setup(project("poetry"), machine(poetry, uv), cwd=tmp_path)
    installed = {"uv": "uv sync", "poetry": f"Poetry (version {version}) install"}
    assert [manager for manager, line in installed.items() if line in told.splitlines()] == [used]
    assert start_command(told) == f"{used} run start-server"
    assert ("make RUN=" in told) == (used == "uv")


@pytest.mark.parametrize(("chosen", "kept"), [("poetry", False), ("uv", True)])
def test_setup_leaves_no_lock_file_of_a_manager_that_only_stood_in(
    chosen, kept, project, machine, tmp_path
):
    folder = project(chosen)
    setup(folder, machine(_fake(tmp_path, "uv", ": > uv.lock")), cwd=tmp_path)
    assert (folder / "uv.lock").exists() is kept


def test_setup_points_at_the_lock_file_of_another_manager(project, machine, tmp_path):
    folder = project("uv")
    for manager in MANAGERS:
        (folder / f"{manager}.lock").touch()
    told = setup(folder, machine(_fake(tmp_path, "uv", "")), cwd=tmp_path)
    assert "poetry.lock is not of uv" in told
    assert "pdm.lock is not of uv" in told
    assert "uv.lock is not of" not in told


def setup(folder: Path, env: dict[str, str], cwd: Path) -> str:
    return must([folder / "scripts/setup_env.sh"], cwd=cwd, env=env)


def start_command(told: str) -> str:
    found = re.search(r"^Start the API:\n  (.+)$", told, re.MULTILINE)
    assert found, told
    return found[1]


def assert_starts(told: str, folder: Path, env: dict[str, str]) -> None:
    command = shlex.split(start_command(told))
    with running(command, cwd=folder, env=env, log=folder / "service.log") as service:
        status, answer, _ = service.request("/predict?input=This+is+good", method="POST")
    assert (status, answer) == (200, {"prediction": "positive"})


def packages(python: Path, env: dict[str, str]) -> dict[str, str]:
    lines = must([python, "-m", "pip", "list", "--format=freeze"], env=env).splitlines()
    return dict(line.split("==", 1) for line in lines)


def _fake(folder: Path, name: str, script: str) -> Path:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    program.chmod(0o755)
    return program
