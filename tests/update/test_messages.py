"""What Copier says around an update of a project."""

from tests.update.history import LAST
from tests.update.project import commit, copier, update


def test_check_update_tells_by_its_exit_code_whether_there_is_a_release(started, tmp_path):
    project = started(LAST, tmp_path / "project")
    assert copier(project, "check-update", "--quiet").returncode == 2
    update(project)
    assert copier(project, "check-update", "--quiet").returncode == 0


def test_message_after_an_update_says_what_to_look_at(started, tmp_path):
    project = started(LAST, tmp_path / "project")
    done = copier(project, "update", "--defaults")
    assert done.returncode == 0
    assert "Copier reports success even when it left conflicts" in done.stderr
    assert "make doctor" in done.stderr
    assert ".lock" not in done.stderr
    commit(project, "Update")
    switch = copier(project, "update", "--defaults", "-d", "package_manager=pdm")
    assert "(uv.lock or poetry.lock)" in switch.stderr
    assert "loses its files" not in done.stderr


def test_message_before_an_update_says_what_turning_a_feature_off_costs(started, tmp_path):
    project = started(LAST, tmp_path / "project")
    off = copier(project, "update", "--defaults", "--data", "features=[]").stderr
    assert off.index("loses its files, your edits in them included") < off.index("Updating to")
    assert "git checkout HEAD -- <file>" in off
