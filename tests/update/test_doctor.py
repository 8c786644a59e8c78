"""`make doctor`: its findings in a rendered project, and its advice."""

import subprocess

import pytest

from tests.update.project import commit, doctor, git, into_git


@pytest.fixture
def project(render):
    """A committed project that records its origin, as one from a Git URL does."""
    folder = render()
    answers = folder / ".copier-answers.yml"
    answers.write_text(
        f"_commit: v1.0.0\n_src_path: https://example.org/t.git\n{answers_of(answers)}"
    )
    return into_git(folder)


def answers_of(file):
    lines = file.read_text("utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("_"))


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
    what = "conflict marker. Keep the right lines, delete the markers."
    numbers = (2, 4, 6)
    assert doctor(project) == (1, [f"{name}:{number}: {what}" for number in numbers])


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
    assert line == f"{lock}: the project uses uv, not {lock[:-5]}. Delete it."


def test_variables_of_the_environment_file_are_compared_with_the_example(project):
    example = (project / ".env.example").read_text()
    own = example.replace("# LOG_FORMAT=text\n", "").replace("# API_PORT=8000", "export api_port=1")
    (project / ".env").write_text(f"{own}\nMODLE__NAME=x\nHF_TOKEN=secret\nMODEL=x\n")
    assert doctor(project) == (
        0,
        [
            "hint: .env: there is no setting MODLE__NAME; did you mean MODEL__NAME?",
            "hint: .env: there is no setting HF_TOKEN, so the service does not read it.",
            "hint: .env: there is no setting MODEL, so the service does not read it.",
            "hint: .env: does not list LOG_FORMAT. Copy what you need from .env.example.",
        ],
    )


def test_file_that_is_no_copy_of_the_example_need_not_list_every_variable(project):
    (project / ".env").write_text("API_PORT=9000\n")
    assert doctor(project) == (0, ["Nothing left behind."])


@pytest.mark.parametrize("content", ["", "_commit: v1.0.0\n"])
def test_missing_origin_is_found(project, content):
    (project / ".copier-answers.yml").write_text(content)
    code, (line,) = doctor(project)
    assert code == 1
    assert ("is missing" in line) if not content else ("_src_path is not a URL" in line)


def test_half_resolved_conflict_is_found(project):
    makefile = project / ".gitignore"
    makefile.write_text(makefile.read_text() + "=======\n")
    git(project, "add", "--all")
    code, (line,) = doctor(project)
    assert code == 1
    assert line.startswith(".gitignore:")


def test_no_value_of_the_environment_file_is_shown(project):
    (project / ".env").write_text("SOMETHING=s3cr3t\n")
    assert "s3cr3t" not in "\n".join(doctor(project)[1])


@pytest.mark.parametrize("source", ["../template", "templates/ml", "."])
def test_relative_path_of_the_template_is_found(project, source):
    answers = project / ".copier-answers.yml"
    answers.write_text(f"_commit: v1.0.0\n_src_path: {source}\n{answers_of(answers)}")
    code, (line,) = doctor(project)
    assert code == 1
    assert "_src_path is not a URL or full path" in line


@pytest.mark.parametrize("source", ["/t", "~/t", "git@example.org:a/t.git", "gh:a/t", r"C:\t"])
def test_full_path_or_url_of_the_template_is_fine(project, source):
    answers = project / ".copier-answers.yml"
    answers.write_text(f"_commit: v1.0.0\n_src_path: {source}\n{answers_of(answers)}")
    assert doctor(project)[0] == 0


def test_project_that_no_update_can_start_from_is_found(render):
    code, (line,) = doctor(into_git(render()))
    assert code == 1
    assert line.startswith(".copier-answers.yml: _commit is missing, so updates are impossible.")


def test_what_git_cannot_look_at_is_said_in_its_words(render, tmp_path, monkeypatch):
    code, (line,) = doctor(render())
    assert code == 1
    assert line.startswith("The doctor and updates need Git: fatal: not a")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert doctor(render())[1] == [line.partition("fatal")[0] + "git is not installed"]


def test_file_of_answers_may_have_another_name(project):
    (project / ".copier-answers.yml").rename(project / ".copier-answers.ml.yml")
    assert doctor(project) == (0, ["Nothing left behind."])


def test_names_and_settings_of_git_that_are_unusual_change_nothing(project):
    git(project, "config", "color.ui", "always")
    (project / "a: b é.md").write_bytes(b"\xff\n<<<<<<< before updating\n")
    code, (line,) = doctor(project)
    assert code == 1
    assert line.startswith("a: b é.md:2: conflict marker.")


def test_quoted_mail_and_deleted_patches_are_nothing_to_do(project):
    (project / "mail.txt").write_text(">>>>>>> he wrote\n")
    (project / "old.rej").write_text("x")
    commit(project, "Old")
    (project / "old.rej").unlink()
    assert doctor(project)[0] == 0


def test_without_the_example_nothing_is_said_about_variables(project):
    (project / ".env").write_text("API_PORT=1\n")
    (project / ".env.example").unlink()
    assert doctor(project) == (0, ["Nothing left behind."])


def test_it_works_with_a_broken_pyproject_and_from_another_folder(project, tmp_path):
    (project / "pyproject.toml").write_text("<<<<<<< before updating\n")
    command = ["make", "--directory", project, "doctor"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert "pyproject.toml:1: conflict marker" in done.stdout
    assert done.returncode == 2


def test_conflict_in_the_makefile_is_named_although_make_cannot_read_it(project, tmp_path):
    copier = tmp_path / "copier"
    copier.write_text("#!/bin/sh\nprintf '<<<<<<< before updating\\n' >> Makefile\n")
    copier.chmod(0o755)
    command = ["make", "update-template", f"COPIER={copier}"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert done.returncode == 2
    assert "conflict marker" in done.stdout
    assert "missing separator" not in done.stderr


def test_finish_update_says_where_to_lock_if_the_manager_is_not_here(project):
    command = ["make", "finish-update", "--dry-run"]
    env = {"PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True)
    assert "uv is not installed, so uv.lock is not renewed: lock on another machine" in done.stdout
    assert "\nuv lock" not in done.stdout


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
