"""Users' edits where the template changes too, and the protection of files that are theirs."""

import re
import shutil

import pytest
from copier import run_recopy

from tests.update import edits
from tests.update.history import LAST
from tests.update.project import (
    assert_users_own_untouched,
    commit,
    conflicts,
    doctor,
    files,
    git,
    into_git,
    render,
    update,
)


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
    assert f"src/config/settings.py:{line}: conflict marker. Keep the right lines" in said[0]

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
    """`local.mk` is the file for them; before 0.2.0 there was none."""
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
