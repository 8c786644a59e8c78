"""A changed layout, by the commands of docs/how-to/layouts.md: no conflict, and the app starts."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_docs import blocks
from tests.update import edits
from tests.update.project import commit, conflicts, difference, git, update
from tools.managers import ROOT
from tools.service import running

SRC = {"layout": "src_package"}
FRAUD = {"layout": "named_package", "package_name": "fraud"}
SCORING = {"layout": "named_package", "package_name": "scoring"}
MOVES = [
    ("From `src` to a named package", SRC, FRAUD),
    ("From a named package to `src`", FRAUD, SRC),
    ("From one named package to another", FRAUD, SCORING),
]


def recipe(heading):
    page = (ROOT / "docs/how-to/layouts.md").read_text("utf-8")
    section = re.search(rf"^### {re.escape(heading)}$(.*?)^### ", page, re.MULTILINE | re.DOTALL)
    return "\n".join(blocks(section[1], "bash"))


def sh(commands, project):
    shell = [
        "bash",
        "-euo",
        "pipefail",
        "-c",
        f'PATH="{Path(sys.executable).parent}:$PATH"\n{commands}',
    ]
    done = subprocess.run(shell, cwd=project, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("heading", "old", "new"), MOVES)
def test_recipe_moves_every_edit_and_leaves_no_conflict(
    history, started, rendered, tool, tmp_path, heading, old, new
):
    project = started(history.current, tmp_path / "project", **old)
    edits.apply(project, "uv")
    own_test = project / "tests/unit/test_own.py"
    own_test.write_text(f"from {old.get('package_name', 'src')}.app import create_app\n")
    commit(project, "Edits")
    sh(recipe(heading), project)

    assert conflicts(project) == []
    expected = rendered(history.current, tmp_path / "expected", **new)
    edits.apply(expected, "uv")
    name = new.get("package_name", "src")
    (expected / "tests/unit/test_own.py").write_text(f"from {name}.app import create_app\n")
    assert difference(project, expected) == []
    model_test = "tests/unit/models/test_dummy_model.py"
    assert (project / model_test).read_text() == (expected / model_test).read_text()

    commit(project, "Tell the template about the layout")
    update(project)
    assert conflicts(project) == []
    expected = rendered(history.next, tmp_path / "next", **new)
    edits.apply(expected, "uv")
    own_test.unlink()
    assert difference(project, expected) == []
    assert_answers(project, tool, tmp_path)


def assert_answers(project, tool, tmp_path):
    python = tool(project, "python", "-c", "import sys; print(sys.executable)").strip()
    env = {"PATH": "/usr/bin:/bin", "MODEL__IMPLEMENTATION": "dummy_model:DummyModel"}
    with running([python, "src/main.py"], cwd=project, env=env, log=tmp_path / "log") as service:
        answer = service.request("/predict?input=This+is+fine", method="POST")
    assert answer[:2] == (200, {"prediction": "positive"})
    assert answer[2]["x-team"] == "risk"


def test_layout_changed_without_the_recipe_is_warned_of(history, started, tmp_path):
    project = started(history.current, tmp_path / "project")
    copier = [Path(sys.executable).with_name("copier"), "update", "--defaults"]
    said = subprocess.run(
        [*copier, "--data", "layout=named_package"], cwd=project, capture_output=True, text=True
    ).stderr
    assert "WARNING: layout and package_name name folders." in said
    assert "copier update --vcs-ref :current: --exclude /src/<name>" in said
    git(project, "reset", "--hard", "--quiet")
    git(project, "clean", "-fdq")
    assert (
        "WARNING" not in subprocess.run(copier, cwd=project, capture_output=True, text=True).stderr
    )
