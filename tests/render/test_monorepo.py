"""A service in a folder of a larger repository: what works, and what is reported as unsupported."""

import os
import re
import shutil
import subprocess

import pytest

from tools.managers import environment


@pytest.fixture
def folder(render, tmp_path):
    """A rendered project in a folder of a repository that has other files."""
    project = tmp_path / "repository/services/ml"
    shutil.copytree(render(), project)
    top = tmp_path / "repository"
    (top / "notes.py").write_text("x = 1\n")
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "-m", "Start"]):
        subprocess.run(["git", *command], cwd=top, check=True)
    return project


@pytest.fixture
def shell(commands, tmp_path):
    """Return a function that runs a command with the tools of a project, whatever its exit code."""
    env = {name: text for name, text in os.environ.items() if name.startswith("GIT_CONFIG")}
    env |= {"PATH": f"{commands}:/usr/bin:/bin", "RUN": "", "HOME": str(tmp_path)}

    def run(*command, cwd):
        return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)

    return run


def commit(shell, top, name, text):
    (top / name).write_text(text)
    shell("git", "add", "--all", cwd=top)
    return shell("git", "commit", "--message", f"Change {name}", cwd=top)


def test_hooks_in_a_folder_say_what_to_do_and_break_no_commit(folder, shell):
    top = folder.parents[1]
    done = shell("make", "hooks", cwd=folder)
    assert done.returncode != 0
    assert "this project is its folder services/ml. Nothing was installed" in done.stderr
    after = commit(shell, top, "notes.py", "x = 2\n")
    assert after.returncode == 0, after.stdout + after.stderr


def test_hooks_work_once_the_shown_file_is_at_the_top(folder, shell):
    top = folder.parents[1]
    shown = shell("make", "hooks", cwd=folder).stderr
    (text,) = re.findall(r"^repos:\n(?:  .+\n)+", shown, re.MULTILINE)
    (top / ".pre-commit-config.yaml").write_text(text)
    assert commit(shell, top, "notes.py", "x = 3\n").returncode == 0
    done = shell("make", "hooks", cwd=folder)
    assert done.returncode == 0, done.stderr

    good = commit(shell, top, "notes.py", "x  =  4\n")  # not of the service, so not checked
    assert good.returncode == 0, good.stdout + good.stderr
    bad = commit(shell, top, "services/ml/src/models/dummy_model.py", "x  =  1\n")
    assert bad.returncode != 0
    assert "services/ml" in bad.stdout + bad.stderr


def test_hooks_at_the_top_of_a_repository_are_installed(render, shell, tmp_path):
    project = tmp_path / "project"
    shutil.copytree(render(), project)
    subprocess.run(["git", "init", "--quiet"], cwd=project, check=True)
    done = shell("make", "hooks", cwd=project)
    assert done.returncode == 0, done.stderr
    assert (project / ".git/hooks/pre-commit").is_file()


def test_member_of_a_uv_workspace_is_told_that_it_has_no_lock_file(render, tmp_path):
    """As uv does there: it locks and installs at the workspace's root."""
    project = tmp_path / "project"
    shutil.copytree(render(), project)
    (tmp_path / "uv").write_text("#!/bin/sh\n")
    (tmp_path / "uv").chmod(0o755)
    env = environment()
    env["PATH"] = f"{tmp_path}:{env['PATH']}"
    told = subprocess.run(
        [project / "scripts/setup_env.sh"], env=env, capture_output=True, text=True, check=True
    ).stdout
    assert "[tool.uv.workspace] exclude" in told


@pytest.mark.long
def test_service_that_a_uv_workspace_excludes_has_a_lock_file_of_its_own(render, tmp_path):
    project = tmp_path / "services/ml"
    shutil.copytree(render(), project)
    root = '[project]\nname = "root"\nversion = "0"\nrequires-python = ">=3.11"\n'
    workspace = '[tool.uv.workspace]\nmembers = ["services/*"]\n'
    for text, owner in ((workspace, tmp_path), (f'{workspace}exclude = ["services/ml"]', project)):
        (tmp_path / "pyproject.toml").write_text(root + text)
        subprocess.run(["uv", "lock"], cwd=project, env=environment("uv"), check=True)
        assert (owner / "uv.lock").is_file()
        (owner / "uv.lock").unlink()
