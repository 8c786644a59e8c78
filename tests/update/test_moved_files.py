"""A release that moves files or drops them: edits in them go along, and `make template-diff`."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.update.project import (
    COPIER,
    commit,
    copier,
    doctor,
    files,
    git,
    into_git,
    render,
    scripted,
    write_quick_copier,
)

MOVED, TARGET = "src/services/prediction_log.py", "src/services/logs/prediction_log.py"
DROPPED = "src/utils/json_cost.py"
RELEASE = "v100.0.0"
LINE = "# mine é\n"


@pytest.fixture(scope="module")
def moving(history, tmp_path_factory):
    """A template whose next release moves one file, which it changes, and drops another."""
    folder = tmp_path_factory.mktemp("moving") / "template"
    git(history.path, "clone", "--quiet", str(history.path), str(folder))
    git(folder, "checkout", "--quiet", history.current)
    package = folder / "template/{{ package_path }}"
    (package / "services/logs").mkdir()
    git(package, "mv", "services/prediction_log.py", "services/logs/prediction_log.py")
    git(package, "rm", "--quiet", "utils/json_cost.py")
    moved = package / "services/logs/prediction_log.py"
    moved.write_text(moved.read_text("utf-8").replace("SHOWN = 50", "SHOWN = 60"), "utf-8")
    commit(folder, "Move", RELEASE)
    return folder


@pytest.fixture(scope="module")
def renders(moving, history, tmp_path_factory):
    """Renders of both releases, by name."""
    folder = tmp_path_factory.mktemp("renders")
    for release in (history.current, RELEASE):
        render(moving, release, folder / release)
    return folder


@pytest.fixture(scope="module")
def quick_copier(renders, history):
    return write_quick_copier(renders, history.current, RELEASE)


@pytest.fixture(params=["", "services/scorer/"])
def project(request, renders, history, tmp_path):
    """A committed project, alone in its repository or in a folder of it."""
    folder = tmp_path / "repository" / request.param
    shutil.copytree(renders / history.current, folder)
    into_git(tmp_path / "repository")
    return folder


def append(file, text=LINE):
    file.write_text(file.read_text("utf-8") + text, "utf-8")


def replace(file, old, new):
    text = file.read_text("utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), "utf-8")


def test_edit_in_a_moved_file_goes_along(project, quick_copier):
    append(project / MOVED)
    commit(project, "Mine")
    before = (project / MOVED).read_text("utf-8")
    code, said = scripted(project, copier=quick_copier)
    assert said == [f"{TARGET}: was {MOVED}; your edits are in it"]
    assert code == 0
    assert not (project / MOVED).exists()
    after = (project / TARGET).read_text("utf-8")
    assert after == before.replace("SHOWN = 50", "SHOWN = 60")
    assert doctor(project, "--after-update") == (0, ["Nothing left behind."]), "carried once"
    assert (project / TARGET).read_text("utf-8") == after


def test_edit_that_conflicts_with_the_moved_file_is_marked_as_others_are(project, quick_copier):
    replace(project / MOVED, "SHOWN = 50 ", "SHOWN = 70 ")
    commit(project, "Mine")
    code, said = scripted(project, copier=quick_copier)
    assert code == 1
    assert said[0] == f"{TARGET}: was {MOVED}; your edits are in it, with conflicts"
    assert said[1].startswith(f"{TARGET}:")
    assert "conflict marker" in said[1]
    text = (project / TARGET).read_text("utf-8")
    assert "<<<<<<< before updating\nSHOWN = 70 " in text
    assert "SHOWN = 60 " in text.partition("=======")[2]


def test_edit_in_a_dropped_file_is_left_as_a_patch(project, quick_copier):
    append(project / DROPPED)
    commit(project, "Mine")
    code, said = scripted(project, copier=quick_copier)
    assert code == 1
    assert said[0] == f"{DROPPED}: is no longer in the template; your edits are in {DROPPED}.rej"
    assert said[1].startswith(f"{DROPPED}.rej: a rejected patch")
    assert f"+{LINE}" in (project / f"{DROPPED}.rej").read_text("utf-8")
    (project / f"{DROPPED}.rej").unlink()
    assert doctor(project)[0] == 0


def test_moved_file_that_the_user_deleted_stays_deleted(project, quick_copier):
    (project / MOVED).unlink()
    commit(project, "Mine")
    code, said = scripted(project, copier=quick_copier)
    assert (code, said) == (0, [f"{TARGET}: was {MOVED}, which you deleted, so it is deleted"])
    assert not (project / TARGET).exists()


def test_files_without_edits_move_without_a_word(project, quick_copier):
    assert scripted(project, copier=quick_copier) == (0, ["Nothing left behind."])
    assert (project / TARGET).exists()


def test_plain_update_is_finished_by_the_doctor(project):
    """In services of release 0.4.0 or older the Makefile runs plain Copier."""
    append(project / MOVED)
    append(project / DROPPED)
    commit(project, "Mine")
    assert copier(project, "update", "--defaults").returncode == 0
    code, said = doctor(project)
    assert code == 1
    assert [line.partition(": ")[0] for line in said] == [MOVED, DROPPED]
    assert all(line.endswith("make finish-update") for line in said)
    code, said = doctor(project, "--after-update")
    assert code == 1  # for the patch
    assert said[0] == f"{TARGET}: was {MOVED}; your edits are in it"
    assert LINE in (project / TARGET).read_text("utf-8")


def test_feature_that_is_turned_off_leaves_no_patch(project):
    file = project / "src/services/batching.py"
    append(file)
    commit(project, "Mine")
    code, said = scripted(project, "--data", "features=[]", "--vcs-ref", ":current:")
    assert code == 0
    assert said == [
        "hint: src/services/batching.py: is deleted, with your edits. "
        "Undo: git checkout HEAD -- src/services/batching.py"
    ]
    assert not [name for name in files(project) if name.endswith(".rej")]


def template_diff(project, *arguments):
    command = [sys.executable, project / "scripts/template_diff.py", *arguments]
    env = {**os.environ, "COPIER": str(COPIER)}
    done = subprocess.run(
        command, cwd=project, env=env, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def test_difference_to_the_release_shows_edits_of_template_files_alone(project, history):
    unchanged = f"All files of the template are as {history.current} rendered them.\n"
    assert template_diff(project) == (0, unchanged)
    append(project / "README.md")
    append(project / "src/models/dummy_model.py")
    (project / "src/api/mine.py").write_text('"""Mine."""\n')
    commit(project, "Mine")
    assert template_diff(project) == (0, unchanged)
    append(project / MOVED)
    commit(project, "Mine")
    append(project / DROPPED)  # not committed yet
    (project / "src/utils/helpers.py").unlink()
    code, shown = template_diff(project)
    assert code == 0
    assert shown.count(f"\n+{LINE}") == 2
    assert {line[6:] for line in shown.splitlines() if line.startswith("--- a/")} == {
        MOVED, DROPPED, "src/utils/helpers.py",
    }  # fmt: skip
    assert template_diff(project, "--stat", MOVED)[1].startswith(f" {MOVED} | 1 +")
    assert len(git(project, "status", "--porcelain").splitlines()) == 2, "nothing is written"


def test_difference_to_a_release_that_is_gone_says_so(project):
    replace(project / ".copier-answers.yml", "_commit: v98.0.0", "_commit: v7.0.0")
    code, said = template_diff(project)
    assert code == 1
    assert said.startswith("The template could not be rendered; is _commit a release of it")


def test_difference_without_copier_says_what_to_install(project):
    env = {**os.environ, "COPIER": "no-such-copier"}
    command = [sys.executable, project / "scripts/template_diff.py"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Install Copier first: pipx install 'copier>=9.19,<10'\n"
