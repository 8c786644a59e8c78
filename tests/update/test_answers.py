"""Answers changed at an update: package manager, features, preset, layout."""

from itertools import permutations

import pytest

from tests.update import edits
from tests.update.history import LAST
from tests.update.project import (
    answers_of,
    assert_users_own_untouched,
    commit,
    conflicts,
    difference,
    doctor,
    files,
    git,
    update,
)
from tools.managers import REQUIREMENTS
from tools.template import read_features

FEATURES = [*read_features()]
ANSWERS_OFF_AND_ON = [
    *(({"features": [f for f in FEATURES if f != x]}, {"features": FEATURES}) for x in FEATURES),
    ({"ci": "none"}, {"ci": "github"}),
]


def edited(started, folder, manager="uv", release=LAST, **answers):
    project = started(release, folder, package_manager=manager, **answers)
    edits.apply(project, manager)
    commit(project, "Edits")
    return project


def assert_updated(project, expected, manager="uv"):
    """Check that every edit is there, on top of a fresh render."""
    assert conflicts(project) == []
    fresh, first_commit = files(expected), git(project, "rev-list", "--max-parents=0", "HEAD")
    rendered_first = git(project, "ls-tree", "-r", "--name-only", first_commit.strip())
    edits.apply(expected, manager)
    for name in fresh.keys() - {*rendered_first.splitlines()}:
        (expected / name).write_bytes(fresh[name])  # nobody could edit a file that did not exist
    assert difference(project, expected) == []
    commit(project, "Update")
    update(project)
    assert git(project, "status", "--porcelain") == "", "a second update changes nothing"


@pytest.mark.parametrize(("old", "new"), [*permutations(REQUIREMENTS, 2)])
def test_switch_of_manager_keeps_every_edit_and_names_the_old_lock_file(
    history, started, rendered, tmp_path, old, new
):
    project = edited(started, tmp_path / "project", old)
    before = files(project)
    update(project, data={"package_manager": new})

    advice = f"{old}.lock: the project uses {new}, not {old}. Delete it."
    assert advice in doctor(project)[1]
    assert doctor(project)[0] == 1
    assert_users_own_untouched(project, before)

    # Follow the advice, and write the dependencies as the new manager would: then nothing differs.
    (project / f"{old}.lock").rename(project / f"{new}.lock")
    pyproject = project / "pyproject.toml"
    for added_by_old, added_by_new in zip(edits.ADDED[old], edits.ADDED[new], strict=True):
        if added_by_old != added_by_new:
            edits.replace(pyproject, added_by_old, added_by_new)
    kept = {name: answers_of(project)[name] for name in ("package_manager", "features")}
    expected = rendered(history.next, tmp_path / "expected", **kept)
    assert_updated(project, expected, new)
    assert doctor(project)[0] == 0


@pytest.mark.parametrize(("off", "on"), ANSWERS_OFF_AND_ON)
def test_feature_turned_on_brings_its_files(history, started, rendered, tmp_path, off, on):
    project = edited(started, tmp_path / "project", release=history.current, **off)
    update(project, data=on)
    assert_updated(project, rendered(history.next, tmp_path / "expected", **on))


@pytest.mark.parametrize(("off", "on"), ANSWERS_OFF_AND_ON)
def test_feature_turned_off_takes_its_own_files_and_no_others(
    history, started, rendered, tmp_path, off, on
):
    project = edited(started, tmp_path / "project", release=history.current, **on)
    own = project / ".github/workflows/own.yml"
    own.write_text("name: Own\n", "utf-8")
    commit(project, "A workflow of the user's")
    update(project, data=off)
    assert own.is_file()
    expected = rendered(history.next, tmp_path / "expected", **off)
    (expected / ".github/workflows").mkdir(parents=True, exist_ok=True)
    (expected / ".github/workflows/own.yml").write_text("name: Own\n", "utf-8")
    assert_updated(project, expected)


@pytest.mark.parametrize(("old", "new"), [*permutations(["minimal", "production", "custom"], 2)])
def test_changed_preset_changes_nothing_but_the_answer(history, started, tmp_path, old, new):
    project = started(history.current, tmp_path / "project", preset=old)
    update(project, to=history.current, data={"preset": new})
    assert git(project, "diff", "--name-only").split() == [".copier-answers.yml"]
    removed, added = (
        line[1:]
        for line in git(project, "diff", "--unified=0").splitlines()
        if line.startswith(("-", "+")) and not line.startswith(("---", "+++"))
    )
    assert (removed, added) == (f"preset: {old}", f"preset: {new}")


def test_new_model_name_moves_no_file(history, started, tmp_path):
    project = edited(started, tmp_path / "project", release=history.current)
    before = files(project)
    update(project, to=history.current, data={"model_name": "fraud_classifier"})
    assert conflicts(project) == []
    after = files(project)
    assert after.keys() == before.keys()
    changed = {name for name in after if after[name] != before[name]}
    assert ".copier-answers.yml" in changed
    assert not [name for name in changed if name.endswith(".py")]
