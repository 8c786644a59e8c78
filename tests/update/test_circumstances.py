"""Updates in the circumstances of real projects, and what is said when one cannot be clean."""

import re
import shutil
from collections import Counter

import pytest
from copier import run_recopy
from copier.errors import UserMessageError

from tests.update import edits
from tests.update.history import NAMES
from tests.update.project import (
    assert_users_own_untouched,
    commit,
    conflicts,
    copier,
    difference,
    doctor,
    files,
    git,
    into_git,
    render,
    update,
)

LAST = NAMES[-1]


EDITED = ("configs/config.yaml", "pyproject.toml", "src/config/settings.py", "src/api/team.py")


def with_crlf(project, *names):
    for name in names:
        text = (project / name).read_bytes().replace(b"\r\n", b"\n")
        (project / name).write_bytes(text.replace(b"\n", b"\r\n"))


def test_collision_is_reported_and_both_sides_are_kept(history, started, tmp_path):
    project = started(history.current, tmp_path / "project")
    settings = project / "src/config/settings.py"
    edits.replace(
        settings, "    model: ModelSettings = ", "    mine: int = 1\n    model: ModelSettings = "
    )
    commit(project, "Collision")
    update(project)

    text = settings.read_text()
    assert "    mine: int = 1\n" in text
    assert "    new_setting: int = 1\n" in text
    assert conflicts(project) == ["src/config/settings.py"]
    code, said = doctor(project)
    assert code == 1
    line = text[: text.index("<<<<<<<")].count("\n") + 1
    assert f"src/config/settings.py:{line}: conflict marker. Keep what is right" in said[0]

    settings.write_text(re.sub(r"^(<<<<<<<|=======|>>>>>>>).*\n", "", text, flags=re.MULTILINE))
    assert "git add src/config/settings.py" in doctor(project)[1][0]
    git(project, "add", ".")
    assert doctor(project) == (0, ["Nothing left behind."])


def test_file_that_the_template_adds_too_is_a_conflict_not_a_loss(history, started, tmp_path):
    project = started(history.current, tmp_path / "project")
    (project / "src/api/new_part.py").write_text('"""Mine."""\n')
    commit(project, "A file that the next release brings")
    update(project)
    assert conflicts(project) == ["src/api/new_part.py"]
    assert '"""Mine."""' in (project / "src/api/new_part.py").read_text()


def test_every_value_of_the_shared_configuration_may_be_changed(started, tmp_path):
    project = started(LAST, tmp_path / "project")
    config = project / "configs/config.yaml"
    lines = config.read_text().split("\n")
    changed = [re.sub(r"^( *[a-z_]+): (.+)$", r"\1: \2 # ours", line) for line in lines]
    assert sum(old != new for old, new in zip(lines, changed, strict=True)) >= 10
    config.write_text("\n".join(changed))
    commit(project, "Our values")
    update(project)
    assert conflicts(project) == []
    assert {*changed} <= {*config.read_text().split("\n")}


def test_targets_at_the_end_of_the_makefile_survive(started, tmp_path):
    """`local.mk` is the place for them; before 0.2.0 there was none."""
    project = started(LAST, tmp_path / "project")
    with (project / "Makefile").open("a") as file:
        file.write("\nours: ## Ours\n\techo ours\n")
    commit(project, "Targets")
    update(project)
    assert conflicts(project) == []
    assert (project / "Makefile").read_text().endswith("\nours: ## Ours\n\techo ours\n")


def test_deleted_files_stay_deleted(started, tmp_path):
    project = started(LAST, tmp_path / "project")
    gone = {
        *("Dockerfile", "DEVELOPMENT.md", ".pre-commit-config.yaml", "MODEL_CARD.md"),
        *("tests/performance/test_load.py", "tests/unit/models/test_dummy_model.py"),
    }
    for name in gone:
        (project / name).unlink()
    (project / "README.md").write_text("Mine.\n")
    commit(project, "Deleted")
    update(project)
    assert conflicts(project) == []
    assert not gone & files(project).keys()
    assert (project / "README.md").read_text() == "Mine.\n"


def test_lines_that_end_as_on_windows_lose_no_edit(history, started, rendered, tmp_path):
    """Whatever an editor writes and however Git is set up: the project says LF."""
    project = started(LAST, tmp_path / "project")
    git(project, "config", "core.autocrlf", "true")
    edits.apply(project, "uv")
    git(project, "checkout", "--", ".gitattributes")  # from 0.1.0 it may conflict: CHANGELOG.md
    with_crlf(project, *EDITED)
    commit(project, "Edits")
    git(project, "rm", "-r", "--quiet", "--cached", ".")
    git(project, "reset", "--hard", "--quiet")
    assert b"\r\n" in (project / "src/app.py").read_bytes()
    update(project)
    assert conflicts(project) == []
    commit(project, "Update")

    with_crlf(project, *EDITED)
    commit(project, "Nothing, to Git")
    assert git(project, "diff", "--name-only", "HEAD^") == ""
    update(project, data={"package_manager": "pdm"})
    assert conflicts(project) == []
    expected = rendered(history.next, tmp_path / "expected", package_manager="pdm")
    edits.apply(expected, "uv")
    for name in (".env", ".gitattributes"):
        (expected / name).write_bytes((project / name).read_bytes())
    commit(project, "Switch")
    git(project, "rm", "-r", "--quiet", "--cached", ".")
    git(project, "reset", "--hard", "--quiet")
    assert difference(project, expected) == []


def test_files_committed_with_crlf_lose_no_edit(started, tmp_path):
    project = started(LAST, tmp_path / "project")
    (project / ".gitattributes").unlink()
    commit(project, "Our own line ends")
    edits.apply(project, "uv")
    with_crlf(project, *EDITED)
    commit(project, "Edits on Windows")
    before = files(project)
    update(project)
    for name in EDITED:
        after, edited = (
            Counter(map(bytes.strip, side[name].splitlines())) for side in (files(project), before)
        )
        assert edited <= after, name
        assert name not in conflicts(project) or any(name in line for line in doctor(project)[1])


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
    expected = rendered(history.next, tmp_path / "expected")
    edits.apply(expected, "uv")
    assert difference(project, expected) == []
    assert doctor(project)[0] == 0


@pytest.mark.parametrize("both", [False, True])
def test_suite_notices_a_broken_ownership_list(history, tmp_path, both):
    """Without the block of `_exclude`, what was deleted returns; without both, edits are lost."""
    template = tmp_path / "template"
    shutil.copytree(history.path, template)
    settings = template / "copier.yml"
    edits.replace(settings, "_copier_operation == 'update'", "false")
    if both:
        text = settings.read_text("utf-8")
        settings.write_text(re.sub(r"_skip_if_exists:\n(  - .*\n)+", "", text), "utf-8")
    commit(template, "Broken", "v100.0.0")
    project = into_git(render(template, LAST, tmp_path / "project"))
    edits.apply(project, "uv")
    commit(project, "Edits")
    before = files(project)
    update(project)
    with pytest.raises(AssertionError, match="is the user's" if both else "came back"):
        assert_users_own_untouched(project, before)


def test_recopy_leaves_the_users_own_files_and_nothing_else(started, tmp_path):
    """The page on updates warns of it."""
    project = started(LAST, tmp_path / "project")
    (project / "README.md").write_text("Mine.\n")
    (project / "Makefile").write_text("mine:\n")
    commit(project, "Edits")
    run_recopy(project, defaults=True, overwrite=True, quiet=True)
    assert (project / "README.md").read_text() == "Mine.\n"
    assert "mine:" not in (project / "Makefile").read_text().splitlines()


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
    assert "(poetry.lock or pdm.lock)" in done.stderr
    assert "loses its files" not in done.stderr


def test_message_before_an_update_says_what_turning_a_feature_off_costs(started, tmp_path):
    project = started(LAST, tmp_path / "project")
    off = copier(project, "update", "--defaults", "--data", "features=[]").stderr
    assert off.index("loses its files, your edits in them included") < off.index("Updating to")
    assert "git checkout HEAD -- <file>" in off
