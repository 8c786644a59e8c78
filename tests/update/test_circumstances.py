"""Updates that are rejected, and updates of a service that shares its repository."""

import pytest
from copier.errors import UserMessageError

from tests.update import edits
from tests.update.history import LAST
from tests.update.project import (
    answers_of,
    assert_users_own_untouched,
    commit,
    difference,
    doctor,
    files,
    git,
    update,
)


def test_uncommitted_work_is_refused_untouched(started, tmp_path):
    project = started(LAST, tmp_path / "project")
    (project / "notes.txt").write_text("mine\n")
    before = files(project)
    with pytest.raises(UserMessageError, match=r"dirty; cannot continue\. Please commit or stash"):
        update(project)
    assert files(project) == before


def test_project_without_git_is_refused_untouched(rendered, tmp_path):
    project = rendered(LAST, tmp_path / "project")
    before = files(project)
    with pytest.raises(UserMessageError, match="only supported in git-tracked subprojects"):
        update(project)
    assert files(project) == before


def test_service_in_a_subfolder_of_a_larger_repository_is_updated_alone(
    history, rendered, tmp_path
):
    repository = tmp_path / "repository"
    repository.mkdir()
    git(repository, "init", "--quiet")
    project = rendered(LAST, repository / "services/fraud")
    other = rendered(LAST, repository / "services/other")
    (repository / "README.md").write_text("All our services.\n")
    commit(repository, "Start")
    edits.apply(project, "uv")
    commit(repository, "Edits")
    untouched, before = files(other), files(project)
    update(project)

    assert git(repository, "diff", "--name-only", "--diff-filter=U") == ""
    assert files(other) == untouched
    assert (repository / "README.md").read_text() == "All our services.\n"
    assert_users_own_untouched(project, before)
    features = answers_of(project)["features"]
    expected = rendered(history.next, tmp_path / "expected", features=features)
    edits.apply(expected, "uv")
    assert difference(project, expected) == []
    assert doctor(project)[0] == 0
