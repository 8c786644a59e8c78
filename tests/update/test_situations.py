"""Updates that could lose work that Git has no copy of, or end halfway: rejected, or reported."""

import shutil
import subprocess

import pytest

from tests.update import edits
from tests.update.project import commit, conflicts, copier, doctor, files, git, scripted

CONFIG = "configs/config.yaml"


@pytest.fixture
def project(history, started, tmp_path):
    return started(history.current, tmp_path / "project")


def refused(project, copier):
    """Return the reason; nothing is changed, not even in Git."""
    before, index = files(project), git(project, "ls-files", "--stage", "-v")
    code, said = scripted(project, copier=copier)
    assert code == 1
    assert files(project) == before
    assert git(project, "ls-files", "--stage", "-v") == index
    assert said[0] == "Not updated; nothing was changed:"
    return "\n".join(said[1:])


def append(file, text):
    with file.open("ab") as opened:
        opened.write(text)


def test_uncommitted_work_is_refused(project, quick_copier):
    append(project / CONFIG, b"# mine\n")
    assert refused(project, quick_copier).startswith(f"{CONFIG}: is not committed. Commit it, or")


@pytest.mark.parametrize("name", [CONFIG, "src/models/base.py", ".env.example"])
def test_untracked_and_ignored_file_of_the_template_is_refused(project, quick_copier, name):
    git(project, "rm", "--quiet", "--cached", name)
    append(project / ".gitignore", f"{name}\n".encode())
    commit(project, "Mine alone")
    append(project / name, b"# mine\n")
    assert f"{name}: Git does not track it" in refused(project, quick_copier)
    assert f"hint: {name}: Git ignores it by {name} (.gitignore:" in "\n".join(doctor(project)[1])


@pytest.mark.parametrize("flag", ["--skip-worktree", "--assume-unchanged"])
def test_file_that_git_does_not_look_at_is_refused(project, quick_copier, flag):
    git(project, "update-index", flag, CONFIG)
    append(project / CONFIG, b"# mine\n")
    assert f"{CONFIG}: Git is set to ignore changes in it" in refused(project, quick_copier)


@pytest.mark.parametrize("hidden", [False, True])
def test_file_at_a_path_that_the_release_fills_is_refused(project, quick_copier, hidden):
    (project / "src/api/new_part.py").write_text("mine\n")
    if hidden:
        git(project, "config", "status.showUntrackedFiles", "no")
        assert "new_part.py: is not committed" in refused(project, quick_copier)
    else:
        append(project / ".gitignore", b"new_part.py\n")
        commit(project, "Ignored")
        assert "src/api/new_part.py: Git does not track it" in refused(project, quick_copier)


def test_patch_rejected_elsewhere_in_the_repository_is_refused(
    history, rendered, quick_copier, tmp_path
):
    git(tmp_path, "init", "--quiet", "repository")
    repository = tmp_path / "repository"
    project = rendered(history.current, repository / "b")
    (repository / "a").mkdir()
    (repository / "a/notes.txt").write_text("committed\n")
    (repository / "a/old.txt").write_text("committed\n")
    commit(repository, "Start")
    (repository / "a/notes.txt").write_text("not yet committed\n")
    (repository / "a/notes.txt.rej").write_text("@@\n")
    (repository / "a/old.txt").unlink()
    said = refused(project, quick_copier)
    assert "a/notes.txt.rej: a rejected patch. Merge it by hand" in said
    assert "a/old.txt: is deleted, but the deletion is not committed" in said


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("# café\n".encode("latin-1"), "is not UTF-8"),
        ("# mine\n".encode("utf-16"), "is not UTF-8"),
        (b"# \0\n", "has a NUL character"),
    ],
)
def test_edit_that_is_no_text_is_refused_with_its_line(project, quick_copier, content, why):
    lines = (project / CONFIG).read_bytes().count(b"\n")
    append(project / CONFIG, content)
    commit(project, "Edit")
    assert f"{CONFIG}:{lines + 1}: {why}" in refused(project, quick_copier)


@pytest.mark.parametrize("content", [b"# \0 caf\xe9\n", "# mine\n".encode("utf-16")])
def test_doctor_names_edits_that_a_plain_update_took_back(project, content):
    append(project / CONFIG, content)
    edits.replace(project / "Makefile", "## Show this help", "## Help")
    commit(project, "Edit")
    assert copier(project, "update", "--defaults", "--quiet").returncode == 0
    assert doctor(project)[1] != ["Nothing left behind."]
    code, (line, *_) = doctor(project)
    assert code == 1
    assert line.startswith(f"{CONFIG}: ")
    assert f"Compare: git diff HEAD -- {CONFIG}; if the file is right: git add {CONFIG}" in line
    git(project, "add", "--all")
    assert doctor(project) == (0, ["Nothing left behind."])


@pytest.mark.parametrize("value", ["error", "fix"])
def test_doctor_names_what_the_treatment_of_white_space_took_back(project, value):
    append(project / "Makefile", b"\nours: \n\techo ours \n")
    commit(project, "Edit")
    git(project, "config", "apply.whitespace", value)
    assert copier(project, "update", "--defaults", "--quiet").returncode == 0
    code, (line, *_) = doctor(project)
    assert code == 1
    assert line.startswith("Makefile: 2 of your edited lines differ from the last commit")


@pytest.mark.parametrize("reverse", [False, True])
def test_folder_in_place_of_a_file_and_the_reverse_are_refused(project, quick_copier, reverse):
    if reverse:
        shutil.rmtree(project / "configs")
        (project / "configs").write_text("mine\n")
    else:
        (project / CONFIG).unlink()
        (project / CONFIG).mkdir()
        (project / CONFIG / "mine").write_text("mine\n")
    commit(project, "Mine")
    what = "configs: is not a folder" if reverse else f"{CONFIG}: is a folder"
    assert what in refused(project, quick_copier)


def test_link_in_place_of_a_folder_is_refused(project, quick_copier, tmp_path):
    (project / "configs").rename(tmp_path / "elsewhere")
    (project / "configs").symlink_to(tmp_path / "elsewhere")
    commit(project, "Elsewhere")
    assert "configs: is not a folder" in refused(project, quick_copier)


def test_sparse_checkout_is_refused(project, quick_copier):
    git(project, "sparse-checkout", "set", "src", "scripts")
    assert "files are not in the work tree: git sparse-checkout disable" in refused(
        project, quick_copier
    )


def test_conflict_is_to_be_resolved_before_another_update(project, quick_copier):
    for branch, line in (("other", b"# one\n"), ("mine", b"# two\n")):
        git(project, "checkout", "--quiet", "-b", branch, "HEAD" if branch == "other" else "HEAD~1")
        append(project / CONFIG, line)
        commit(project, branch)
    subprocess.run(["git", "merge", "other"], cwd=project, check=False, capture_output=True)
    assert f"{CONFIG}: has a conflict. Resolve it" in refused(project, quick_copier)


def test_update_that_ends_halfway_is_said_and_noticed_until_it_is_taken_back(
    project, quick_copier, tmp_path
):
    broken = tmp_path / "copier"
    broken.write_text(
        f'#!/bin/sh\n[ $1 = copy ] && exec {quick_copier} "$@"\n'
        "echo new > Makefile; echo new > src/new.py; exit 1\n"
    )
    broken.chmod(0o755)
    before = files(project)
    code, (line, warning) = scripted(project, copier=broken)
    assert code == 1
    assert "git stash --include-untracked" in warning
    assert line.startswith("An update ended with an error, halfway. Go back to the last commit: ")
    assert doctor(project)[0] == 1
    assert line in doctor(project)[1]
    assert line in scripted(project, copier=quick_copier)[1], "nor does another one begin"
    subprocess.run(line.partition("commit: ")[2], shell=True, cwd=project, check=True)
    assert files(project) == before
    assert doctor(project) == (0, ["Nothing left behind."])
    append(project / "Makefile", b"# edited\n")
    assert doctor(project) == (0, ["Nothing left behind."])


@pytest.mark.parametrize(
    ("ends", "reason"),
    [("exit 1", "Copier ended with an error"), ("kill -INT $PPID; exec sleep 60", "interrupted")],
)
def test_copier_that_changes_nothing_leaves_nothing_to_take_back(
    project, quick_copier, tmp_path, ends, reason
):
    broken = tmp_path / "copier"
    broken.write_text(f'#!/bin/sh\n[ $1 = copy ] && exec {quick_copier} "$@"\n{ends}\n')
    broken.chmod(0o755)
    said = scripted(project, copier=broken)
    assert said == (1, [f"Not updated: {reason}. Nothing was changed."])
    append(project / "Makefile", b"# edited\n")
    assert doctor(project) == (0, ["Nothing left behind."])


@pytest.mark.parametrize("remedy", ["", "_commit: v0.0.99\n"])
def test_answers_with_markers_or_an_unknown_release_are_said_by_both(project, quick_copier, remedy):
    answers = project / ".copier-answers.yml"
    if remedy:
        edits.replace(answers, "_commit: v98.0.0\n", remedy)
        what = ".copier-answers.yml: the template has no v0.0.99, so updates are impossible."
    else:
        edits.replace(
            answers, "ci: github\n", "<<<<<<< HEAD\nci: github\n=======\nci: none\n>>>>>>> other\n"
        )
        what = ".copier-answers.yml:6: conflict marker. Keep the right lines, delete the markers."
    commit(project, "Merge")
    assert what in "\n".join(doctor(project)[1])
    assert doctor(project)[0] == 1
    assert what in refused(project, quick_copier)


@pytest.mark.parametrize(
    "source",
    ["https://ada:secret@example.org/t.git", "https://ghp_0123456789abcdefghij@example.org/t.git"],
)
def test_password_in_the_address_of_the_template_is_found_and_not_repeated(
    project, quick_copier, source
):
    answers = project / ".copier-answers.yml"
    text = answers.read_text()
    start = text.index("_src_path: ")
    answers.write_text(f"{text[:start]}_src_path: {source}\n{text[start:].partition(chr(10))[2]}")
    commit(project, "Token")
    said = refused(project, quick_copier)
    assert "_src_path contains a password" in said
    assert "secret" not in said + str(doctor(project))
    assert doctor(project)[0] == 1


def test_state_between_releases_is_a_hint(project):
    edits.replace(
        project / ".copier-answers.yml", "_commit: v98.0.0\n", "_commit: v0.4.0-3-g0123abc\n"
    )
    hint = "hint: .copier-answers.yml: _commit is v0.4.0-3-g0123abc, which is not a release."
    assert hint in "\n".join(doctor(project)[1])


def test_edit_outside_ascii_survives_a_machine_without_utf_8(project, quick_copier, monkeypatch):
    edits.below(
        project / "Makefile", "setup: ## Install the dependencies, create .env", "\t@echo é\n"
    )
    commit(project, "Edit")
    for name, value in {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}.items():
        monkeypatch.setenv(name, value)
    assert scripted(project, copier=quick_copier) == (0, ["Nothing left behind."])
    assert "\t@echo é\n" in (project / "Makefile").read_text("utf-8")


def test_variables_of_git_from_a_linked_worktree_change_no_other_index(
    project, quick_copier, tmp_path, monkeypatch
):
    git(project, "worktree", "add", "--quiet", str(tmp_path / "linked"))
    linked = tmp_path / "linked"
    index = git(project, "ls-files", "--stage")
    monkeypatch.setenv("GIT_DIR", str(project / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(project / ".git/index"))
    assert scripted(linked, copier=quick_copier) == (0, ["Nothing left behind."])
    monkeypatch.delenv("GIT_DIR")
    monkeypatch.delenv("GIT_INDEX_FILE")
    assert git(project, "ls-files", "--stage") == index
    assert git(project, "status", "--porcelain") == ""
    assert "src/api/new_part.py" in git(linked, "status", "--porcelain")
    assert conflicts(linked) == []
