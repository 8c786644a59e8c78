"""Edits in files of the engine that 0.5.0 moved, through an update from the release before."""

import pytest

from tests.update.history import BEFORE_MOVE
from tests.update.project import commit, copier, doctor, files, into_git, render
from tools.managers import REQUIREMENTS


@pytest.mark.parametrize("manager", REQUIREMENTS)
@pytest.mark.parametrize("preset", ["production", "minimal"])
def test_no_edit_in_a_file_that_moved_is_lost(history, tmp_path, preset, manager):
    template, answers = history.path, {"preset": preset, "package_manager": manager}
    project = into_git(render(template, BEFORE_MOVE, tmp_path / "project", **answers))
    new = files(render(template, history.current, tmp_path / "new", **answers))
    gone = [
        name
        for name in files(project).keys() - new.keys()
        if name.startswith("src/") and name.endswith(".py")
    ]
    assert len(gone) > (30 if preset == "production" else 0)
    for name in gone:
        with (project / name).open("a", encoding="utf-8") as file:
            file.write(f"\n# My line in {name}\n")
    commit(project, "Mine")
    done = copier(project, "update", "--defaults", "--vcs-ref", history.current)
    assert done.returncode == 0, done.stderr
    _, said = doctor(project, "--after-update")
    after = {name: text.decode("utf-8") for name, text in files(project).items()}
    merged, patches = [], []
    for name in gone:
        (found,) = [file for file, text in after.items() if f"# My line in {name}\n" in text]
        (patches if found.endswith(".rej") else merged).append(name)
        assert any(line.startswith(f"{found}: was {name}") for line in said) or any(
            line.startswith(f"{name}: is no longer in the template") for line in said
        ), name
    assert len(merged) > len(patches), "Git finds where most of them are"
