"""The standard edit set through an update: every manager, the last three releases."""

import pytest

from tests.update import edits
from tests.update.history import NAMES
from tests.update.project import (
    answers_of,
    assert_users_own_untouched,
    commit,
    conflicts,
    difference,
    files,
    git,
    update,
)
from tools.managers import REQUIREMENTS


@pytest.mark.parametrize("release", NAMES)
@pytest.mark.parametrize("manager", REQUIREMENTS)
def test_update_keeps_every_edit_and_brings_all_that_is_new(
    history, started, rendered, tmp_path, manager, release, record_property
):
    project = started(release, tmp_path / "project", package_manager=manager)
    edits.apply(project, manager)
    commit(project, "Edits")
    edited = git(project, "diff", "--name-only", "HEAD^").splitlines()
    before, answers = files(project), answers_of(project)
    update(project)

    assert conflicts(project) == []
    assert_users_own_untouched(project, before)
    assert not {*edits.DELETED} & files(project).keys()
    for name in (".env", f"{manager}.lock"):
        assert files(project)[name] == before[name]
    kept = {name: answers_of(project)[name] for name in ("package_manager", "features")}
    expected = rendered(history.next, tmp_path / "expected", **kept)
    edits.apply(expected, manager)
    assert difference(project, expected) == []
    assert answers.items() <= answers_of(project).items()

    commit(project, "Update")
    update(project)
    assert git(project, "status", "--porcelain") == "", "a second update changes nothing"
    row = f"{manager:8}{release} -> {history.next}   {len(edited)} edited files kept, 0 conflicts"
    record_property("update", f"{row}, second update changes nothing")
