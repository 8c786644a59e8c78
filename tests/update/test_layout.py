"""A changed layout, by the commands of docs/how-to/layouts.md: no conflict, and the app starts."""

import os
import re
import sys
from pathlib import Path

import pytest

from tests.support.pages import blocks
from tests.update import edits
from tests.update.project import commit, conflicts, copier, difference, git, sh, update
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


@pytest.mark.parametrize(("heading", "old", "new"), MOVES)
def test_recipe_moves_every_edit_and_leaves_no_conflict(
    history, started, rendered, tool, tmp_path, heading, old, new
):
    project = started(history.current, tmp_path / "project", **old)
    edits.apply(project, "uv")
    edit_main(project)
    own_test = project / "tests/unit/own test.py"
    own_test.write_text(f"from {old.get('package_name', 'src')}.app import create_app\n")
    commit(project, "Edits")
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    sh(recipe(heading), project, env)

    assert conflicts(project) == []
    expected = rendered(history.current, tmp_path / "expected", **new)
    edits.apply(expected, "uv")
    name = new.get("package_name", "src")
    edit_main(expected)
    (expected / "tests/unit/own test.py").write_text(f"from {name}.app import create_app\n")
    assert difference(project, expected) == []
    model_test = "tests/unit/models/test_dummy_model.py"
    assert (project / model_test).read_text() == (expected / model_test).read_text()

    commit(project, "Tell the template about the layout")
    update(project)
    assert conflicts(project) == []
    expected = rendered(history.next, tmp_path / "next", **new)
    edits.apply(expected, "uv")
    edit_main(expected)
    own_test.unlink()
    assert difference(project, expected) == []
    assert_answers(project, tool, tmp_path)


def edit_main(project):
    """Edit the package's entry point, which in one layout has the path of the later launcher."""
    main = edits.package_of(project) / "main.py"
    edits.replace(main, "Starting server on %s:%s", "Starting our server on %s:%s")


def assert_answers(project, tool, tmp_path):
    python = tool(project, "python", "-c", "import sys; print(sys.executable)").strip()
    env = {"PATH": "/usr/bin:/bin", "MODEL__IMPLEMENTATION": "dummy_model:DummyModel"}
    with running([python, "src/main.py"], cwd=project, env=env, log=tmp_path / "log") as service:
        answer = service.request("/predict?input=This+is+fine", method="POST")
    assert answer[:2] == (200, {"prediction": "positive"})
    assert answer[2]["x-team"] == "risk"


def test_layout_changed_without_the_recipe_is_warned_of(history, started, tmp_path):
    project = started(history.current, tmp_path / "project")
    said = copier(project, "update", "--defaults", "--data", "layout=named_package").stderr
    assert "WARNING: layout and package_name name folders." in said
    assert "copier update --defaults --vcs-ref :current: --exclude /src/<name>" in said
    git(project, "reset", "--hard", "--quiet")
    git(project, "clean", "-fdq")
    assert "WARNING" not in copier(project, "update", "--defaults").stderr
