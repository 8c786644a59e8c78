"""An update with nothing imitated: the manager's own `add`, lock, install, a running service."""

import shlex
from itertools import permutations

import pytest

from tests.update import edits
from tests.update.history import LAST, NAMES
from tests.update.project import commit, conflicts, into_git, render, sh, update, with_copier
from tools.managers import INSTALL, REQUIREMENTS, environment
from tools.service import running

LOCK = {"uv": "uv lock", "poetry": "poetry lock", "pdm": "pdm lock --update-reuse"}
LOCK_IS_CURRENT = {
    "uv": "uv lock --check",
    "poetry": "poetry check --lock",
    "pdm": "pdm lock --check",
}


def environment_of(*managers):
    return environment(*managers, *({"uv"} if "pdm" in managers else ()))


def with_real_edits(history, release, folder, manager, env):
    """A project as a user has it, with a lock file, an environment and the standard edits."""
    project = into_git(render(history.path, release, folder, package_manager=manager))

    def add(project):
        for command, requirement in zip(
            edits.ADD[manager], ["more-itertools>=10,<12", "toolz>=1,<2"], strict=True
        ):
            sh(shlex.join([*command, requirement]), project, env)

    edits.apply(project, manager, add=add)
    commit(project, "Edits")
    return project


def assert_serves(project, manager, env, log):
    command = [manager, "run", "start-server"]
    with running(command, cwd=project, env=env, log=log) as service:
        answer = service.request("/predict", {"input": "one two three"})
        assert answer[:2] == (200, {"prediction": 3})
        assert answer[2]["x-team"] == "risk"
        assert answer[2]["x-model-version"] == "2.0.0"
        assert service.request("/compare?first=a&second=b", method="POST")[:2] == (200, True)


@pytest.mark.parametrize("manager", REQUIREMENTS)
def test_updated_service_locks_installs_starts_and_predicts(history, tmp_path, manager):
    env = environment_of(manager)
    project = with_real_edits(history, LAST, tmp_path / "project", manager, env)
    for line in edits.ADDED[manager]:
        assert line in (project / "pyproject.toml").read_text(), "what ADDED imitates"

    update(project)
    assert conflicts(project) == []
    sh(f"make doctor && {LOCK[manager]} && {LOCK_IS_CURRENT[manager]}", project, env)
    sh(shlex.join(INSTALL[manager]), project, env)
    assert_serves(project, manager, env, tmp_path / "log")


@pytest.mark.long
@pytest.mark.parametrize("manager", REQUIREMENTS)
def test_update_template_pulls_locks_installs_and_runs_every_check(history, tmp_path, manager):
    """From the oldest release, in one hop, by the one command that the project has for it."""
    env = with_copier(environment_of(manager), tmp_path / "bin")
    project = with_real_edits(history, NAMES[0], tmp_path / "project", manager, env)
    if not (project / "scripts/doctor.py").exists():  # a release before 0.2.0 has no such target
        said = sh("copier update --defaults && make finish-update", project, env)
    else:
        said = sh("make update-template", project, env)
    assert "Required test coverage of 95" in said
    assert conflicts(project) == []
    sh(LOCK_IS_CURRENT[manager], project, env)
    assert_serves(project, manager, env, tmp_path / "log")
    commit(project, "Update")
    sh("make update-template", project, env)
    assert sh("git status --porcelain", project, env) == ""


@pytest.mark.long
@pytest.mark.parametrize(("old", "new"), [*permutations(REQUIREMENTS, 2)])
def test_project_works_with_its_new_manager_after_a_switch(history, tmp_path, old, new):
    env = with_copier(environment_of(old, new), tmp_path / "bin")
    project = with_real_edits(history, LAST, tmp_path / "project", old, env)
    if not (project / "scripts/update.py").exists():  # 0.4.0 or older takes the first update before
        update(project)
        commit(project, "First update")
    (recipe,) = [block for block in edits.page("choose-a-manager", "bash") if "git rm" in block]
    recipe = recipe.replace("uv.lock", f"{old}.lock").replace("=poetry", f"={new}")
    sh(recipe, project, env)
    assert conflicts(project) == []
    sh(LOCK_IS_CURRENT[new], project, env)
    assert_serves(project, new, env, tmp_path / "log")
