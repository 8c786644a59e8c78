"""The script of docs/how-to/keep-a-fleet-current.md: one service merges, one does not."""

import subprocess
from pathlib import Path

import pytest

from tests.update import edits
from tests.update.project import commit, git, into_git, render, with_copier
from tools.managers import environment


@pytest.fixture
def repositories(history, tmp_path):
    """Two repositories as teams push to them: one edits what the next release changes too."""
    found = []
    for name in ("clean", "colliding"):
        project = into_git(render(history.path, history.current, tmp_path / name))
        if name == "colliding":
            settings = project / "src/config/settings.py"
            edits.replace(
                settings,
                "    model: ModelSettings =",
                "    mine: int = 1\n    model: ModelSettings =",
            )
            commit(project, "Ours")
        found.append(tmp_path / f"{name}.git")
        git(tmp_path, "clone", "--quiet", "--bare", str(project), str(found[-1]))
    return found


@pytest.mark.long
def test_script_pushes_what_merges_and_names_what_does_not(repositories, tmp_path):
    (script,) = [block for block in edits.page("keep-a-fleet-current", "bash") if "#!" in block]
    (tmp_path / "script.sh").write_text(script)
    (tmp_path / "list").write_text("".join(f"{repository}\n" for repository in repositories))
    env = with_copier(environment("uv"), tmp_path / "bin")
    clean, colliding = repositories

    def run():
        command = ["bash", "script.sh", "list"]
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)

    done = run()
    assert done.returncode == 1
    assert done.stdout.startswith(f"{colliding}: see "), done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == 1
    log = Path(done.stdout.split("see ")[1].split(",")[0])
    assert "src/config/settings.py" in log.read_text()
    assert "conflict marker" in log.read_text()
    assert git(colliding, "branch", "--list", "update-template") == ""
    pushed = git(clean, "rev-parse", "update-template")
    assert "v99.0.0" in git(clean, "show", "update-template:.copier-answers.yml")
    assert git(clean, "show", "update-template:uv.lock")

    assert run().returncode == 1
    assert git(clean, "rev-parse", "update-template") == pushed, "what was offered is left alone"
