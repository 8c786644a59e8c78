"""Backends chosen and changed at an update: the user's model and the code below it stay."""

import itertools
import os
import subprocess

import pytest

from tests.support.contract import label
from tests.update.edits import replace
from tests.update.history import CURRENT, NAMES
from tests.update.project import answers_of, commit, conflicts, files, git, update
from tools.service import running
from tools.template import files_of, read_backends

TABLE = read_backends()
WITH_ARTIFACT = [name for name, row in TABLE.items() if "suffix" in row]
USERS = ("src/models/dummy_model.py", "tests/unit/models/test_dummy_model.py")
OWN = "src/models/mood_model.py"


@pytest.fixture
def boots(backend_commands, tmp_path):
    """Return a function that starts a service, in the environment of all backends, and asks it."""
    python, env = str(backend_commands / "python"), {"PATH": os.environ["PATH"]}

    def check(project):
        if (script := project / "scripts/make_example_model.py").is_file():  # as `make run` does it
            subprocess.run([python, script], cwd=project, capture_output=True, check=True)
        command = [python, "src/main.py"]
        with running(command, cwd=project, env=env, log=tmp_path / "log") as service:
            status, answer, _ = service.request("/predict", {"input": "This is good"})
            assert (status, label(answer["prediction"])) == (200, "positive")

    return check


def of_backends(project):
    """Return the backends whose files are all there."""
    # What is in a folder of a feature is only there with the feature.
    rows = {
        name: {f"src/{file}" for file in files_of(row) if not file.startswith("api/metrics/")}
        for name, row in TABLE.items()
    }
    there = {name: own for name, own in rows.items() if own <= {*project}}
    # One backend may have all files of another one.
    return [name for name, own in there.items() if not any(own < more for more in there.values())]


def edited(project):
    """Edit the user's model, and a file of the template next to it."""
    for name in USERS:
        file = project / name
        file.write_text(f"{file.read_text('utf-8')}\n# Ours.\n", "utf-8")
    commit(project, "Edits")
    return project


def replaced(project):
    """Put a model of the user's own in place of the example, which is deleted."""
    model, test = (project / name for name in USERS)
    replace(model, "class DummyModel(", "class MoodModel(")
    model.rename(project / OWN)
    test.unlink()
    replace(project / "configs/config.yaml", "dummy_model:DummyModel", "mood_model:MoodModel")
    commit(project, "Own model")
    return project


@pytest.mark.parametrize("release", NAMES)
def test_update_of_a_release_changes_no_model_and_asks_for_no_backend(
    history, started, tmp_path, boots, release
):
    project = edited(started(release, tmp_path / "project"))
    before = files(project)
    update(project, to=history.current)
    after = files(project)
    assert conflicts(project) == []
    assert of_backends(after) == []
    answers = answers_of(project)
    assert (answers["model_backend"], answers["example_backend"]) == ("keyword", "keyword")
    assert "backends" not in answers
    for name in (*USERS, "configs/config.yaml"):
        assert after[name] == before[name], name
    assert b"artifacts" not in after[".dockerignore"]
    boots(project)


@pytest.mark.parametrize("release", [*NAMES, CURRENT])
@pytest.mark.parametrize("backend", TABLE)
def test_keyword_to_a_backend_adds_its_code_and_leaves_the_model(
    started, tmp_path, boots, release, backend
):
    project = edited(started(release, tmp_path / "project"))
    before = files(project)
    update(project, data={"model_backend": backend})
    after = files(project)
    assert conflicts(project) == []
    assert of_backends(after) == [backend]
    assert answers_of(project)["backends"] == [backend]
    assert answers_of(project)["example_backend"] == "keyword"
    for name in USERS:
        assert after[name] == before[name], name
    assert b"artifact" not in after["configs/config.yaml"]
    assert "scripts/make_example_model.py" not in after
    for requirement in TABLE[backend]["dependencies"]:
        assert f'    "{requirement}",'.encode() in after["pyproject.toml"]
    boots(project)


@pytest.mark.parametrize("release", NAMES)
@pytest.mark.parametrize("backend", TABLE)
def test_model_in_place_of_the_example_is_the_only_one_after_a_backend_is_chosen(
    started, tmp_path, boots, release, backend
):
    project = replaced(started(release, tmp_path / "project"))
    before = files(project)
    update(project, data={"model_backend": backend})
    after = files(project)
    assert conflicts(project) == []
    assert of_backends(after) == [backend]
    assert after[OWN] == before[OWN]
    assert not {*USERS} & {*after}
    boots(project)


@pytest.mark.parametrize(("old", "new"), [*itertools.permutations(TABLE, 2)])
def test_switch_keeps_the_backend_that_the_users_model_imports(
    history, started, tmp_path, boots, old, new
):
    both = [name for name in TABLE if name in (old, new)]
    project = edited(started(history.current, tmp_path / "project", model_backend=old))
    before = files(project)
    update(project, data={"model_backend": new})
    after = files(project)
    assert conflicts(project) == []
    assert of_backends(after) == both
    assert answers_of(project)["backends"] == both
    kept = [name for name in before if name.startswith(("src/models/", "scripts/make_example"))]
    for name in (*USERS, *kept):
        assert after[name] == before[name], name
    if old in WITH_ARTIFACT:
        artifact = f"artifacts/dummy_model{TABLE[old]['suffix']}"
        assert artifact in after["configs/config.yaml"].decode()
        boots(project)

    commit(project, "Update")
    update(project, data={"model_backend": "keyword"})
    assert of_backends(files(project)) == both, "and the way back"
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


def test_backend_of_the_example_can_be_taken_out_as_well(history, started, tmp_path):
    project = started(history.current, tmp_path / "project", model_backend="onnx")
    update(project, to=history.current, data={"model_backend": "keyword", "backends": []})
    for _ in range(2):
        answers = answers_of(project)
        assert ("backends" in answers, answers["example_backend"]) == (False, "onnx")
        assert of_backends(files(project)) == []
        commit(project, "Out")
        update(project, to=history.current)
    assert git(project, "status", "--porcelain") == ""
