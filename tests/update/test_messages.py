"""Messages of Copier around an update of a project."""

import re
import shlex

import pytest

from tests.update.history import LAST
from tests.update.project import answers_of, commit, copier, scripted, update
from tools.template import read_production

PRODUCTION = read_production()


def test_check_update_tells_by_its_exit_code_whether_there_is_a_release(started, tmp_path):
    project = started(LAST, tmp_path / "project")
    assert copier(project, "check-update", "--quiet").returncode == 2
    update(project)
    assert copier(project, "check-update", "--quiet").returncode == 0


def test_message_after_an_update_says_what_to_look_at(started, tmp_path):
    project = started(LAST, tmp_path / "project")
    done = copier(project, "update", "--defaults")
    assert done.returncode == 0
    assert "Copier reports success even if it left conflicts" in done.stderr
    assert "make doctor" in done.stderr
    assert ".lock" not in done.stderr
    commit(project, "Update")
    switch = copier(project, "update", "--defaults", "-d", "package_manager=pdm")
    assert "(uv.lock or poetry.lock)" in switch.stderr
    assert "deletes its files" not in done.stderr


def test_message_before_an_update_says_what_turning_a_feature_off_costs(started, tmp_path):
    project = started(LAST, tmp_path / "project")
    off = copier(project, "update", "--defaults", "--data", "features=[]").stderr
    assert off.index("deletes its files, including your edits in them") < off.index("Updating to")
    assert "git checkout HEAD -- <file>" in off


def test_new_feature_of_the_preset_is_offered_and_not_added(history, started, tmp_path):
    """As to a service of the release before the feature; the command has its own features, too."""
    project = started(history.current, tmp_path / "project", features=["batching", "docker"])
    done = copier(project, "update", "--defaults")
    features = answers_of(project)["features"]
    assert features == ["batching", "docker"]
    assert "has features that this service lacks: hardening, open_inference," in done.stderr
    (command,) = re.findall(r"^ +python3 scripts/update.py (--data .*)$", done.stderr, re.MULTILINE)
    commit(project, "Update")
    code, said = scripted(project, *shlex.split(command))
    assert (code, said) == (0, ["Nothing left behind."])
    assert {*answers_of(project)["features"]} == {*features, *PRODUCTION}
    assert len(answers_of(project)["features"]) == len(PRODUCTION)


@pytest.mark.parametrize(
    "answers", [{}, {"preset": "minimal"}, {"preset": "custom", "features": []}]
)
def test_nothing_is_offered_where_nothing_is_missing(history, started, tmp_path, answers):
    project = started(history.current, tmp_path / "project", **answers)
    assert "hint:" not in copier(project, "update", "--defaults").stderr
