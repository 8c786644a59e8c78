"""`make doctor`: what it finds in a rendered project, and what it says to do."""

import subprocess
import sys

import pytest

from tests.update.project import commit, git


@pytest.fixture
def project(render):
    """A committed project that says where it came from, as one from a Git URL does."""
    folder = render()
    answers = folder / ".copier-answers.yml"
    answers.write_text(
        f"_commit: v1.0.0\n_src_path: https://example.org/t.git\n{answers_of(answers)}"
    )
    git(folder, "init", "--quiet")
    commit(folder, "Start")
    return folder


def answers_of(file):
    lines = file.read_text("utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("_"))


def doctor(project):
    done = subprocess.run(
        [sys.executable, "-I", project / "scripts/doctor.py"], capture_output=True, text=True
    )
    assert not done.stderr
    return done.returncode, done.stdout.splitlines()


def test_healthy_project_has_nothing_to_do(project):
    assert doctor(project) == (0, ["Nothing left behind."])
    (project / ".env").write_text((project / ".env.example").read_text())
    assert doctor(project) == (0, ["Nothing left behind."])


@pytest.mark.parametrize(("name", "tracked"), [("notes é.md", True), ("notes.md", False)])
def test_conflict_marker_is_found_with_its_line(project, name, tracked):
    (project / name).write_text(
        "a\n<<<<<<< before updating\nb\n=======\nc\n>>>>>>> after updating\n"
    )
    if tracked:
        git(project, "add", name)
    what = "conflict marker. Keep what is right, delete the marker lines."
    assert doctor(project) == (1, [f"{name}:2: {what}", f"{name}:6: {what}"])


def test_underlined_heading_is_no_marker(project):
    (project / "notes.rst").write_text("Heading\n=======\n")
    assert doctor(project)[0] == 0


def test_rejected_patch_is_found_even_where_git_ignores_it(project):
    (project / ".gitignore").write_text("*.rej\n")
    (project / "src/app.py.rej").write_text("@@ -1 +1 @@\n")
    advice = "a rejected patch. Merge it by hand into src/app.py, then delete it."
    assert doctor(project) == (1, [f"src/app.py.rej: {advice}"])


@pytest.mark.parametrize("lock", ["poetry.lock", "pdm.lock"])
def test_lock_file_of_another_manager_is_found(project, lock):
    (project / lock).touch()
    (project / "uv.lock").touch()
    code, (line,) = doctor(project)
    assert code == 1
    assert line == f"{lock}: the project uses uv, not {lock[:-5]}. Delete it: git rm {lock}"


def test_variables_of_the_environment_file_are_compared_with_the_example(project):
    example = (project / ".env.example").read_text()
    own = example.replace("# LOG_FORMAT=text\n", "").replace("# API_PORT=8000", "export api_port=1")
    (project / ".env").write_text(f"{own}\nMODLE__NAME=x\nHF_TOKEN=secret\nMODEL=x\n")
    assert doctor(project) == (
        0,
        [
            "hint: .env: nothing reads MODLE__NAME; did you mean MODEL__NAME?",
            "hint: .env: nothing reads HF_TOKEN.",
            "hint: .env: nothing reads MODEL.",
            "hint: .env: does not list LOG_FORMAT. Copy from .env.example what you need.",
        ],
    )


def test_long_list_of_variables_is_cut(project):
    (project / ".env").write_text("API_PORT=9000\n")
    (hint,) = doctor(project)[1]
    assert hint.startswith("hint: .env: does not list CONFIG_PATH, API_HOST, DEBUG, ENVIRONMENT,")
    assert " more. Copy from .env.example what you need." in hint


def test_no_value_of_the_environment_file_is_shown(project):
    (project / ".env").write_text("SOMETHING=s3cr3t\n")
    assert "s3cr3t" not in "\n".join(doctor(project)[1])


@pytest.mark.parametrize("source", ["../template", "templates/ml", "."])
def test_relative_path_of_the_template_is_found(project, source):
    answers = project / ".copier-answers.yml"
    answers.write_text(f"_commit: v1.0.0\n_src_path: {source}\n{answers_of(answers)}")
    code, (line,) = doctor(project)
    assert code == 1
    assert "_src_path is relative" in line


@pytest.mark.parametrize("source", ["/t", "~/t", "git@example.org:a/t.git", "gh:a/t", r"C:\t"])
def test_full_path_or_url_of_the_template_is_fine(project, source):
    answers = project / ".copier-answers.yml"
    answers.write_text(f"_commit: v1.0.0\n_src_path: {source}\n{answers_of(answers)}")
    assert doctor(project)[0] == 0


def test_project_that_no_update_can_start_from_is_found(render):
    code, lines = doctor(render())
    assert code == 1
    assert lines[0].startswith("no Git repository: an update needs one.")
    assert lines[1].startswith(".copier-answers.yml: has no _commit")


def test_it_works_with_a_broken_pyproject_and_from_another_folder(project, tmp_path):
    (project / "pyproject.toml").write_text("<<<<<<< before updating\n")
    command = ["make", "--directory", project, "doctor"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert "pyproject.toml:1: conflict marker" in done.stdout
    assert done.returncode == 2


def test_update_template_says_what_to_install_where_copier_is_missing(project):
    command = ["make", "update-template", "COPIER=no-such-copier"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert done.returncode == 2
    assert "Install Copier first: pipx install 'copier>=9.19,<10'" in done.stderr


def test_finish_update_stops_before_it_locks_where_something_is_to_be_done(project):
    (project / "notes.md").write_text("<<<<<<< before updating\n")
    done = subprocess.run(["make", "finish-update"], cwd=project, capture_output=True, text=True)
    assert done.returncode == 2
    assert "notes.md:1: conflict marker" in done.stdout
    assert "uv lock" not in done.stdout
    assert not (project / "uv.lock").exists()
