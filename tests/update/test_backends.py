"""Backends chosen and changed at an update: the user's model and the code below it stay."""

import pytest

from tests.update.history import LAST
from tests.update.project import answers_of, commit, conflicts, files, git, update
from tools.template import read_backends

TABLE = read_backends()
USERS = ("src/models/dummy_model.py", "tests/unit/models/test_dummy_model.py")
BOOT = """
from fastapi.testclient import TestClient
from src.core.config import load_config
from src.app import create_app
from tests.conftest import until


def test_boot():
    with TestClient(create_app(load_config())) as client:
        until(lambda: client.get("/ready").status_code == 200)
        prediction = client.post("/predict", json={"input": "This is good"}).json()["prediction"]
        assert prediction in ("positive", prediction)
        assert (prediction if isinstance(prediction, str) else prediction["label"]) == "positive"
"""


def boots(project, backend_tool):
    check = project / "tests/integration/test_boot.py"
    check.write_text(BOOT, "utf-8")
    backend_tool(project, "pytest", "-q", "-p", "no:cacheprovider", str(check))
    check.unlink()


def of_backends(project):
    """Return the backends whose files are all there."""
    return [
        name for name in TABLE if {f"src/{file}" for file in TABLE[name]["files"]} <= {*project}
    ]


def edited(project):
    """Edit the user's model, and a file of the template next to it."""
    for name in USERS:
        file = project / name
        file.write_text(f"{file.read_text('utf-8')}\n# Ours.\n", "utf-8")
    commit(project, "Edits")
    return project


def test_update_of_the_last_release_changes_no_model_and_asks_for_no_backend(
    history, started, tmp_path
):
    project = edited(started(LAST, tmp_path / "project"))
    before = files(project)
    update(project, to=history.current)
    after = files(project)
    assert conflicts(project) == []
    assert of_backends(after) == []
    answers = answers_of(project)
    assert (answers["model_backend"], answers["example_backend"]) == ("keyword", "keyword")
    assert "backends" not in answers
    for name in (*USERS, "configs/config.yaml", ".dockerignore"):
        assert after[name] == before[name], name


@pytest.mark.parametrize("release", [LAST, "current"])
def test_keyword_to_sklearn_adds_its_code_and_leaves_the_model(
    history, started, tmp_path, backend_tool, release
):
    release = history.current if release == "current" else release
    project = edited(started(release, tmp_path / "project"))
    before = files(project)
    update(project, data={"model_backend": "sklearn"})
    after = files(project)
    assert conflicts(project) == []
    assert of_backends(after) == ["sklearn"]
    assert answers_of(project)["backends"] == ["sklearn"]
    assert answers_of(project)["example_backend"] == "keyword"
    for name in USERS:
        assert after[name] == before[name], name
    assert b"artifact" not in after["configs/config.yaml"]
    assert "scripts/make_example_model.py" not in after
    assert b'"skops' in after["pyproject.toml"]
    boots(project, backend_tool)


def test_switch_keeps_the_backend_that_the_users_model_imports(
    history, started, tmp_path, backend_tool
):
    project = edited(started(history.current, tmp_path / "project", model_backend="sklearn"))
    before = files(project)
    update(project, data={"model_backend": "onnx"})
    after = files(project)
    assert conflicts(project) == []
    assert of_backends(after) == ["sklearn", "onnx"]
    assert answers_of(project)["backends"] == ["sklearn", "onnx"]
    for name in (*USERS, "scripts/make_example_model.py", "src/models/sklearn_backend.py"):
        assert after[name] == before[name], name
    assert b"artifacts/dummy_model.skops" in after["configs/config.yaml"]
    boots(project, backend_tool)

    commit(project, "Update")
    update(project, data={"model_backend": "keyword"})
    assert of_backends(files(project)) == ["sklearn", "onnx"], "and the way back"
    commit(project, "Back")
    update(project)
    assert git(project, "status", "--porcelain") == "", "a second update changes nothing"


def test_backend_that_is_taken_out_goes(history, started, tmp_path):
    project = started(history.current, tmp_path / "project", backends=["sklearn", "onnx"])
    update(project, to=history.current, data={"backends": ["onnx"]})
    assert of_backends(files(project)) == ["onnx"]
    commit(project, "Out")
    update(project, to=history.current, data={"backends": []})
    assert of_backends(files(project)) == []
    assert "backends" not in answers_of(project)
