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
    """Return the environment of a machine that has these programs and a few of a Unix, no more."""

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
    assert ".env already exists: not changed." in told
    assert (folder / ".env").read_text("utf-8") == "LOG_LEVEL=DEBUG\n"
    assert_starts(told, folder, env)


def test_setup_without_the_chosen_manager_uses_pip_in_an_environment_of_its_own(
    project, machine, python, tmp_path
):
    folder = project("poetry")
    env = machine(python, **network())
    before = packages(python, env)
    told = setup(folder, env, cwd=tmp_path)
    assert "poetry is not installed (Poetry must be 2.2 or newer); using pip instead." in told
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
    assert "poetry.lock does not belong to uv" in told
    assert "pdm.lock does not belong to uv" in told
    assert "uv.lock is not of" not in told


@pytest.fixture
def other(tmp_path, python) -> Path:
    """An environment of another project, as it may be active when somebody sets up this one."""
    must([python, "-m", "venv", "--without-pip", tmp_path / "other"], env=environment())
    return tmp_path / "other"


def ambient(other: Path) -> dict[str, str]:
    """Return the variables that shells, Conda and settings for other projects set."""
    config = other.parent / "pip.conf"
    config.write_text("[install]\nuser = true\n", "utf-8")
    (other.parent / "cdpath/scripts").mkdir(parents=True)
    interpreter = str(other / "bin/python")
    elsewhere = "VIRTUAL_ENV CONDA_PREFIX PYTHONPATH UV_PROJECT_ENVIRONMENT PIP_TARGET PIP_PREFIX"
    elsewhere += " UV_PROJECT UV_WORKING_DIR PDM_PROJECT POETRY_VIRTUALENVS_PATH PIP_ROOT"
    told = (
        "PIP_USER PIP_NO_DEPS PIP_DRY_RUN UV_NO_DEV UV_NO_INSTALL_PROJECT UV_ISOLATED PDM_NO_SELF"
    )
    told += " PIP_REQUIRE_VIRTUALENV POETRY_ACTIVE PIPENV_ACTIVE VIRTUALENV_SYSTEM_SITE_PACKAGES"
    told += " POETRY_VIRTUALENVS_OPTIONS_SYSTEM_SITE_PACKAGES"
    refused = (
        "POETRY_VIRTUALENVS_CREATE POETRY_VIRTUALENVS_IN_PROJECT PDM_USE_VENV PDM_VENV_IN_PROJECT"
    )
    return {
        **dict.fromkeys(elsewhere.split(), str(other)),
        **dict.fromkeys(told.split(), "1"),
        **dict.fromkeys(refused.split(), "false"),
        **dict.fromkeys(["UV_PYTHON", "PDM_PYTHON", "PIP_PYTHON"], interpreter),
        "CONDA_DEFAULT_ENV": "other",
        "PYTHONHOME": str(other),
        "PIP_CONFIG_FILE": str(config),
        "CDPATH": str(other.parent / "cdpath"),
        "HOST": "x86_64-conda-linux-gnu",
    }


def content(folder: Path) -> set[str]:
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*"))
    return {name for name in names if "__pycache__" not in name}


@pytest.mark.parametrize("manager", [*MANAGERS, "pip"])
def test_setup_and_make_stay_in_the_projects_own_environment_whichever_is_active(
    manager, project, machine, python, lock_file, other
):
    chosen = "uv" if manager == "pip" else manager
    folder = project(chosen)
    programs = [] if manager == "pip" else [ensure(manager) / manager]
    if programs:
        shutil.copy(lock_file(manager), folder)
    else:
        programs = [Path(require("mkdir", "coreutils"))]  # none of the managers
    programs += [Path(require(name, "apt-get install make mawk")) for name in ("make", "sh")]
    quiet = machine(python, *programs, **network(manager) if manager != "pip" else network())
    env = quiet | ambient(other)
    env["PATH"] = f"{other}/bin:{env['PATH']}"
    before = content(other)

    told = setup(Path(), env, cwd=folder)
    assert "VIRTUAL_ENV" in told.partition("ignore them")[2]
    assert content(other) == before
    expected = {"start-server", "ruff", "pytest"}
    assert expected <= {path.name for path in (folder / ".venv/bin").iterdir()}
    assert packages_of(folder / ".venv").isdisjoint(packages_of(other))

    (folder / "local.mk").write_text(
        "where:\n\t@$(RUN) python -c 'import src, sys; print(sys.prefix, *src.__path__)'\n"
    )
    shown = must(["make", "--no-print-directory", "where"], cwd=folder, env=env)
    assert shown.split() == [str(folder / ".venv"), str(folder / "src")]
    assert content(other) == before


def packages_of(environment: Path) -> set[str]:
    return {path.name for path in environment.glob("lib/python*/site-packages/*.dist-info")}


@pytest.mark.parametrize("manager", MANAGERS)
def test_no_foreign_variable_reaches_a_manager(manager, project, machine, other, tmp_path):
    folder = project(manager)
    shown = 'echo "Poetry (version 2.5.0)"; [ "$1" = run ] && shift; env; mkdir -p .venv/bin'
    fake = _fake(tmp_path, manager, shown)
    tools = [Path(require(name, "coreutils")) for name in ("env", "mkdir", "make", "sh")]
    env = machine(fake, *tools) | ambient(other)
    told = setup(Path(), env, cwd=folder)
    made = must(["make", "run"], cwd=folder, env=env)
    harmless = {"CDPATH", "HOST", "PIP_CONFIG_FILE", "PIP_REQUIRE_VIRTUALENV", "UV_PYTHON"}
    own = {f"POETRY_VIRTUALENVS_{name}" for name in ("PATH", "CREATE", "IN_PROJECT")}
    own |= {
        "POETRY_VIRTUALENVS_OPTIONS_SYSTEM_SITE_PACKAGES",
        "PDM_USE_VENV",
        "PDM_VENV_IN_PROJECT",
    }
    for seen in (told, made):
        names = set(re.findall(r"^(\w+)=", seen, re.MULTILINE))
        assert names & ambient_names(env) <= harmless | own, seen


def ambient_names(env: dict[str, str]) -> set[str]:
    return env.keys() - {"PATH", "HOME"}


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
