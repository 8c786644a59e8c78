"""Fixtures of all suites: the template as it stands, renders of it, one shared environment."""

import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from copier import run_copy
from hypothesis import settings

from tools.managers import ROOT, ensure_environment
from tools.template import snapshot

Render = Callable[..., Path]

settings.register_profile("nightly", max_examples=150, print_blob=True)
settings.register_profile("short", max_examples=25, print_blob=True)
settings.load_profile("short")  # unless --hypothesis-profile names another


@pytest.fixture(scope="session", autouse=True)
def _isolated(tmp_path_factory):
    """Keep the person's own Copier and Git settings out of the tests."""
    folder = tmp_path_factory.mktemp("home")
    git_config = folder / "gitconfig"
    git_config.write_text(
        "[user]\nname = Tester\nemail = tester@example.org\n[init]\ndefaultBranch = main\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        (folder / "copier.yml").write_text("{}")
        patch.setenv("COPIER_SETTINGS_PATH", str(folder / "copier.yml"))
        patch.setenv("GIT_CONFIG_GLOBAL", str(git_config))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        yield


@pytest.fixture(scope="session")
def template(tmp_path_factory) -> Path:
    """The template, with what is not committed yet, in a plain folder."""
    return snapshot(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="session")
def render(template, tmp_path_factory) -> Render:
    """Render the template with the given answers, defaults for the rest, and never with trust."""

    def render_with(**answers: object) -> Path:
        folder = tmp_path_factory.mktemp("render") / "project"
        run_copy(str(template), folder, answers, defaults=True, quiet=True, unsafe=False)
        return folder

    return render_with


@pytest.fixture(scope="session")
def commands(render) -> Path:
    """The folder of commands of one environment that all renders share.

    It has the dependencies of the default render; no project is installed in it.
    """
    pyproject = tomllib.loads((render() / "pyproject.toml").read_text("utf-8"))
    dependencies = pyproject["project"]["dependencies"] + pyproject["dependency-groups"]["dev"]
    return ensure_environment(ROOT / ".cache" / "rendered", dependencies)


@pytest.fixture(scope="session")
def tool(commands) -> Callable[..., str]:
    """Run a development tool in a rendered project."""

    def run(project: Path, name: str, *arguments: str) -> str:
        done = subprocess.run(
            [commands / name, *arguments],
            cwd=project,
            env={"PATH": f"{commands}:/usr/bin:/bin", "PYTHONPATH": str(project / "src")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{name} in {project}\n{done.stdout}{done.stderr}"
        return done.stdout

    return run


def pytest_terminal_summary(terminalreporter):
    """Print the matrix of updates: what was updated from which release, and how it went."""
    passed = terminalreporter.getreports("passed")
    rows = [row for report in passed for name, row in report.user_properties if name == "update"]
    if rows:
        terminalreporter.section("Updates with the standard edit set")
        terminalreporter.write_line("\n".join(sorted(rows)))
