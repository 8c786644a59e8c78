"""Fixtures of all suites: the template as it stands, renders of it, one shared environment."""

import ast
import re
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from copier import run_copy
from hypothesis import settings

from tools.managers import ROOT, ensure_environment
from tools.template import (
    PINNED,
    read_backends,
    read_features,
    releases,
    requirements_of,
    snapshot,
)

Render = Callable[..., Path]

settings.register_profile("nightly", max_examples=150, print_blob=True)
# The same examples in each run, so that CI fails for a change and not by chance.
settings.register_profile("short", max_examples=25, print_blob=True, derandomize=True)
settings.load_profile("short")  # unless --hypothesis-profile names another

LAST = re.escape([*releases()][-1])

# What `make test` leaves out and `make test-thorough` runs: the same statements, about further
# managers, layouts, releases and sets of features.
THOROUGH = (
    r"test_service\.py::.*(poetry|pdm|named_package)",
    r"test_service\.py::test_load_test",
    r"test_render\.py::test_(types|own_tests).*\[(named|no feature, named|\w+ alone|shortest)",
    r"test_render\.py::test_(code|import).*\[(\w+ alone|shortest)",
    r"test_render\.py::test_other_answers",
    r"render/test_module_names\.py",
    r"test_engine\.py::.*\[(no feature|(?!images)\w+ alone)",
    r"test_rendered\.py::.*\[(all-rendered|alone-(?!rendered_models:EveryDatatype))",
    r"test_checks\.py::.*minimal",
    r"documents/test_types\.py",
    r"backends/test_backends\.py::test_(code|own_tests).*\[(?!(sklearn|onnx, minimal)\])",
    r"backends/test_backends\.py::test_(suites|artifact_that)",
    r"backends/test_(services|own_model|mlflow_server)\.py::(?!test_every_backend)",
    rf"update/test_backends\.py::(?!.*(_to_a_backend.*-v{LAST}|sklearn-onnx)\b)",
    r"tests/artifacts/",
    rf"test_releases\.py::.*\[(?!{LAST})\d",
    r"update/test_answers\.py::test_switch.*\[(?!uv-poetry)",
    r"update/test_answers\.py::test_(feature|changed).*\[(?!off1-)",
    r"update/test_answers\.py::test_feature_turned_on",
    r"update/test_conflicts\.py::test_suite_notices",
    rf"update/test_matrix\.py::.*\[(?!uv-v{LAST})",
    r"update/test_layout\.py",
    r"update/test_line_ends\.py",
    r"update/test_real_update\.py",
    r"update/test_random_edits\.py",
    r"update/test_moved_engine\.py",
    r"update/test_moved_files\.py::.*\[services",
    r"update/test_moved_files\.py::test_(feature|files|moved|edit_in_a_dropped)",
    r"update/test_adoption\.py::test_adopted",
    r"update/test_hostile_git\.py::(?!.*together.*person)",
    r"update/test_messages\.py::test_n",
    r"test_ten_models\.py::.*(conform.*\[(?!mood)|tells_the_truth)",
)

# The longest go first, so that at the end no process waits for the other.
LONGEST = """
    test_service.py test_engine.py test_render.py test_random_edits.py test_adoption.py
    test_own_model.py test_services.py test_backends.py test_moved_files.py test_answers.py
    test_checks.py test_rendered.py test_hostile_git.py test_conflicts.py test_situations.py
    test_ten_models.py test_races.py test_docs.py test_documents.py test_messages.py
""".split()


@pytest.hookimpl(trylast=True)  # once the reporter exists
def pytest_configure(config: pytest.Config) -> None:
    """Show progress in the process that prints: not in those of xdist."""
    if reporter := config.pluginmanager.get_plugin("terminalreporter"):
        config.pluginmanager.register(Progress(reporter))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark thorough tests and those of backends; put the files with the longest tests first."""
    for item in items:
        if any(re.search(pattern, item.nodeid) for pattern in THOROUGH):
            item.add_marker("thorough")
        if "backend_commands" in item.fixturenames or "backends" in item.nodeid.partition("::")[0]:
            item.add_marker("backends")
    rank = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.name, len(rank)))


class Progress:
    """A plugin that prints the docstring of each test file when its first test starts."""

    def __init__(self, reporter: pytest.TerminalReporter) -> None:
        self.reporter = reporter
        self.started: set[str] = set()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Print the first line of the docstring."""
        name = nodeid.partition("::")[0]
        if name not in self.started:
            self.started.add(name)
            title = ast.get_docstring(ast.parse((ROOT / name).read_text("utf-8"))) or ""
            self.reporter.ensure_newline()
            self.reporter.write_line(f"{title.partition(chr(10))[0]} ({name})")


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

    It has the dependencies and groups of all features; no project is installed in it.
    """
    dependencies = requirements_of(render(features=[*read_features()]), "load-test", "dev")
    return ensure_environment(ROOT / ".cache" / "rendered", dependencies)


@pytest.fixture(scope="session")
def backend_commands(render) -> Path:
    """The same with all backends, for the renders that have any."""
    project = render(features=[*read_features()], backends=[*read_backends()])
    requirements = [*requirements_of(project, "dev"), *PINNED]
    return ensure_environment(ROOT / ".cache" / "backends", requirements)


def _tool(commands: Path, project: Path, name: str, *arguments: str) -> str:
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


@pytest.fixture(scope="session")
def tool(commands) -> Callable[..., str]:
    """Run a development tool in a rendered project."""
    return partial(_tool, commands)


@pytest.fixture(scope="session")
def backend_tool(backend_commands) -> Callable[..., str]:
    """Run a development tool in a rendered project that has backends."""
    return partial(_tool, backend_commands)


def pytest_terminal_summary(terminalreporter):
    """Print the matrix of updates: what was updated from which release, and how it went."""
    passed = terminalreporter.getreports("passed")
    rows = [row for report in passed for name, row in report.user_properties if name == "update"]
    if rows:
        terminalreporter.section("Updates with the standard edit set")
        terminalreporter.write_line("\n".join(sorted(rows)))
