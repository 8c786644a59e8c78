"""The standard edit set through an update under Git settings that harm one."""

import shutil

import pytest

from tests.update import edits, hostile
from tests.update.history import LAST
from tests.update.project import conflicts, doctor, files, git, scripted, sh, with_copier
from tools.managers import environment


def edited_of(project):
    """Edit a project; Git's settings often remove two of the edits."""
    edits.apply(project, "uv")
    with (project / "src/core/errors.py").open("a") as file:
        file.write("# ours \t \n# café ü\n\n\n")
    setup = "setup: ## Install the dependencies, create .env"
    edits.below(project / "Makefile", setup, "\t@echo  \n")
    git(project, "add", "--all", "--force")
    git(project, "commit", "--quiet", "--message", "Edits")
    return project


@pytest.fixture(scope="module")
def edited(history, started, tmp_path_factory):
    return edited_of(started(history.current, tmp_path_factory.mktemp("edited") / "project"))


@pytest.fixture(scope="module")
def calm(edited, tmp_path_factory):
    """Return the result of the update on a machine without settings."""
    project = shutil.copytree(edited, tmp_path_factory.mktemp("calm") / "project")
    assert scripted(project) == (0, ["Nothing left behind."])
    assert conflicts(project) == []
    return files(project)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The files that the settings name; attributes and patterns at their usual place, too."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    return hostile.write(tmp_path / "hostile")


@pytest.mark.long
@pytest.mark.parametrize("setting", hostile.SETTINGS)
def test_settings_one_by_one_change_nothing(edited, calm, quick_copier, folder, tmp_path, setting):
    (tmp_path / "config").write_text(hostile.configuration(folder, [setting]))
    project = shutil.copytree(edited, tmp_path / "project")
    assert scripted(project, copier=quick_copier) == (0, ["Nothing left behind."])
    assert files(project) == calm


@pytest.mark.parametrize("local", [False, True], ids=["of the person", "of the repository"])
def test_settings_together_change_nothing(edited, calm, folder, tmp_path, monkeypatch, local):
    project = shutil.copytree(edited, tmp_path / "project")
    text = hostile.configuration(folder, hostile.SETTINGS)
    if local:
        (tmp_path / "config").write_text("")
        with (project / ".git/config").open("a") as file:
            file.write(text)
    else:
        (tmp_path / "config").write_text(text)
    for name, value in hostile.VARIABLES.items():
        monkeypatch.setenv(name, hostile.in_folder(value, folder))
    code, said = scripted(project)
    monkeypatch.undo()
    assert (code, said) == (0, ["Nothing left behind."])
    assert files(project) == calm


def test_command_of_the_page_protects_the_first_update_of_an_older_service(
    started, folder, tmp_path
):
    """It has no script yet; this is what its changelog asks for."""
    (block,) = [block for block in edits.page("update", "bash") if "GIT_CONFIG_COUNT" in block]
    command = block[: block.index("python3 scripts/doctor.py")]
    env = with_copier(environment("uv"), tmp_path / "bin")
    results = []
    for name, settings in (("first", []), ("second", hostile.SETTINGS)):
        (tmp_path / "config").write_text(hostile.configuration(folder, []))
        project = edited_of(started(LAST, tmp_path / name))
        (tmp_path / "config").write_text(hostile.configuration(folder, settings))
        sh(command, project, {**env, "GIT_CONFIG_GLOBAL": str(tmp_path / "config")})
        assert doctor(project) == (0, ["Nothing left behind."])
        results.append(files(project))
    assert results[0] == results[1]
