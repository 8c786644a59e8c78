"""A registry of MLflow as the source of artifacts: aliases, versions, runs, and what is missing."""

import logging
import os
import sqlite3
import sys
import threading
from types import ModuleType
from typing import Any

import mlflow
import pytest
import requests
from fastapi.testclient import TestClient
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import PERMISSION_DENIED, TEMPORARILY_UNAVAILABLE

from src.app import create_app
from src.config.artifact import ArtifactSettings
from src.config.settings import Settings
from src.core.artifacts import (
    UnavailableError,
    mlflow_registry,
    provide,
    registered_version,
    tag_of,
)
from src.core.errors import ConfigError
from tests.conftest import until
from tests.engine.suite.mlflow.mlflow_models import MoodModel, loaded

ALIAS = "models:/mood@champion"

module: Any = ModuleType("src.models.moods")
module.MoodModel = MoodModel
sys.modules[module.__name__] = module


@pytest.fixture
def served(tmp_path):
    """Return a function that creates the app of a model in the registry."""

    def create(uri=ALIAS, failed=print, poll_s=0.0, model=None, **settings):
        artifact = {"uri": uri, "cache_dir": str(tmp_path)}
        section = {"implementation": "moods:MoodModel", "artifact": artifact, "cache_size": 0}
        values = {"model": section | settings, "repository": {"poll_s": poll_s}}
        app = create_app(Settings.model_validate(values), model=model, on_load_failure=failed)
        return TestClient(app)

    return create


def provided(tmp_path, uri, **settings):
    return provide(ArtifactSettings(uri=uri, cache_dir=str(tmp_path), **settings))


def refusal(tmp_path, uri):
    with pytest.raises(ConfigError) as failure:
        provided(tmp_path, uri)
    (line,) = str(failure.value).splitlines()
    return line


def label(client):
    """Return the version that responded, and its label."""
    response = client.post("/predict", json={"input": "good"})
    return response.headers["x-model-version"], response.json()["prediction"]["label"]


def test_alias_and_number_lead_to_the_same_artifact(tmp_path, registry):
    by_alias, by_number = provided(tmp_path, ALIAS), provided(tmp_path, "models:/mood/1")
    assert by_alias.sha256 == by_number.sha256
    assert registered_version(by_alias.path) == "1"
    assert loaded(MoodModel, by_alias.path).predict("good").label == "positive"
    registry.set_registered_model_alias("mood", "champion", "2")
    moved = provided(tmp_path, ALIAS)
    assert registered_version(moved.path) == "2"
    assert loaded(MoodModel, moved.path).predict("good").label == "glad"


def test_model_of_a_run_has_no_version(tmp_path, registry):
    experiment = registry.get_experiment_by_name("moods").experiment_id
    run = registry.create_run(experiment).info.run_id
    registry.log_text(run, "weights", "model/weights.txt")
    artifact = provided(tmp_path, f"runs:/{run}/model")
    assert (artifact.path / "weights.txt").read_text() == "weights"
    assert registered_version(artifact.path) is None
    assert tag_of(ArtifactSettings(uri=f"runs:/{run}/model")) == f"runs:/{run}/model"


def test_tag_changes_with_the_alias(registry):
    settings = ArtifactSettings(uri=ALIAS)
    before = tag_of(settings)
    assert before == tag_of(settings) == tag_of(ArtifactSettings(uri="models:/mood/1"))
    registry.set_registered_model_alias("mood", "champion", "2")
    assert tag_of(settings) != before


@pytest.mark.usefixtures("registry")
def test_pinned_version_needs_no_registry_once_it_is_kept(tmp_path, monkeypatch):
    pin = provided(tmp_path, "models:/mood/1").sha256
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:////nowhere/mlflow.db")
    artifact = provided(tmp_path, "models:/mood/1", sha256=pin)
    assert registered_version(artifact.path) == "1"
    with pytest.raises(ConfigError, match=r"there is no file /nowhere/mlflow.db"):
        provided(tmp_path, "models:/mood/1")


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("models:/nothing@champion", "Registered Model with name=nothing not found"),
        ("models:/mood@challenger", "Registered model alias challenger not found"),
        ("models:/mood/99", r"Model Version \(name=mood, version=99\) not found"),
        ("runs:/0123abcd/model", "Run with id=0123abcd not found"),
    ],
)
def test_what_is_not_there_is_one_line(tmp_path, uri, reason):
    with pytest.raises(ConfigError, match=rf"^model.artifact.uri: {uri}: .*{reason}"):
        provided(tmp_path, uri)
    assert not [*tmp_path.glob("*.part")]


@pytest.mark.usefixtures("registry")
def test_model_that_is_too_large_is_not_fetched(tmp_path):
    with pytest.raises(ConfigError, match=r"model.artifact.max_bytes is 1000"):
        provided(tmp_path, ALIAS, max_bytes=1000)


def test_registry_that_is_no_registry_is_one_line(tmp_path, monkeypatch):
    file = tmp_path / "mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{file}")
    assert f"MLFLOW_TRACKING_URI: there is no file {file}" in refusal(tmp_path, ALIAS)
    assert not file.exists(), "MLflow would make one"
    file.write_text("This is text.")
    assert "file is not a database" in refusal(tmp_path, ALIAS)


def test_registry_of_an_older_release_says_how_to_upgrade(tmp_path, store, monkeypatch):
    file = tmp_path / "mlflow.db"
    with sqlite3.connect(store.removeprefix("sqlite:///")) as old, sqlite3.connect(file) as copy:
        old.backup(copy)
        copy.execute("UPDATE alembic_version SET version_num = '451aebb31d03'")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{file}")
    assert "out-of-date database schema" in refusal(tmp_path, ALIAS)


def test_default_registry_is_a_file_of_the_project(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")  # so that it is restored
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    mlflow_registry.import_mlflow.cache_clear()
    mlflow_registry.import_mlflow()
    assert os.environ["MLFLOW_TRACKING_URI"].endswith("/artifacts/mlflow.db")
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"


def response(status):
    found = requests.Response()
    found.status_code = status
    return requests.HTTPError(f"{status} of the server\nand more", response=found)


@pytest.mark.parametrize(
    ("error", "is_down"),
    [
        (response(404), False),
        (response(401), False),
        (response(429), True),
        (response(502), True),
        (requests.ConnectionError("refused"), True),
        (MlflowException("denied", PERMISSION_DENIED), False),
        (MlflowException("busy", TEMPORARILY_UNAVAILABLE), True),
        (MlflowException("API request failed"), True),
        (ModuleNotFoundError("No module named 'boto3'", name="boto3"), False),
    ],
)
def test_errors_of_a_server_are_definite_or_not(tmp_path, monkeypatch, error, is_down):
    def fail(*_):
        raise error

    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://mlflow.example.org")
    monkeypatch.setattr(mlflow, "MlflowClient", fail)
    with pytest.raises(UnavailableError if is_down else ConfigError) as failure:
        provided(tmp_path, ALIAS)
    assert ALIAS in str(failure.value)
    assert "\n" not in str(failure.value)
    with pytest.raises(UnavailableError if is_down else ConfigError):
        tag_of(ArtifactSettings(uri=ALIAS))


def test_version_of_the_registry_is_served(served, registry, log):
    """The alias is the version in paths, which do not change when it moves."""
    with served(model=MoodModel()) as client:
        until(lambda: client.get("/ready").status_code == 200)
        assert label(client) == ("1", "positive")
        assert client.get("/info").json()["models"][0]["version"] == "1"
        assert client.get("/v2/models/mood").json()["versions"] == ["champion"]
        assert client.get("/ready").json()["models"] == {"mood": "1"}
    assert "Loaded model: mood model=mood@1 " in log.getvalue()
    assert registry


@pytest.mark.parametrize(
    ("uri", "version", "expected"),
    [(ALIAS, "2026-11", "2026-11"), (ALIAS, "champion", "1"), ("models:/mood/2", None, "2")],
)
def test_version_of_the_settings_wins_unless_it_is_the_alias(
    served, registry, uri, version, expected
):
    """As for a version that the section `models` names after its alias."""
    with served(uri, version=version) as client:
        until(lambda: client.get("/ready").status_code == 200)
        assert label(client)[0] == expected
    assert registry


def test_registry_that_is_down_is_tried_again(served, registry, monkeypatch, caplog):
    get, is_up = mlflow.MlflowClient.get_model_version_by_alias, threading.Event()

    def look(*arguments):
        if not is_up.is_set():
            raise requests.ConnectionError("refused")
        return get(*arguments)

    monkeypatch.setattr(mlflow.MlflowClient, "get_model_version_by_alias", look)
    monkeypatch.setattr(mlflow_registry, "SQLITE", "none:")  # a server, as far as errors go
    monkeypatch.setattr("src.services.artifacts.FIRST_PAUSE_S", 0.01)
    with caplog.at_level(logging.WARNING), served() as client:
        until(lambda: "The artifact is not available, next attempt in" in caplog.text)
        assert client.get("/ready").status_code == 503
        is_up.set()
        until(lambda: client.get("/ready").status_code == 200)
        assert label(client) == ("1", "positive")
    assert registry


@pytest.fixture
def moving(served, registry):
    """Return a client of a service that looks often whether the alias has moved."""
    pytest.importorskip("src.services.versions")
    with served(poll_s=0.05) as client:
        until(lambda: client.get("/ready").status_code == 200)
        yield client, registry


def test_alias_that_moves_is_served_and_back_again(moving, log):
    client, registry = moving
    assert label(client) == ("1", "positive")
    for version, expected in ((2, "glad"), (1, "positive")):
        registry.set_registered_model_alias("mood", "champion", version)
        until(lambda: label(client)[0] == str(version))  # noqa: B023
        assert label(client) == (str(version), expected)
        assert client.get("/info").json()["models"][0]["version"] == str(version)
    (model,) = client.get("/models").json()
    assert [each["version"] for each in model["versions"]] == ["champion"]
    assert "until a restart" not in log.getvalue(), "paths have the alias"


def test_metrics_have_the_version_of_the_registry(moving):
    client, registry = moving
    registry.set_registered_model_alias("mood", "champion", "2")
    until(lambda: label(client)[0] == "2")
    text = client.get("/metrics").text
    assert 'model_info{environment="development",model="mood",version="2"} 1.0' in text
    assert 'model_loads_total{model="mood",result="loaded",version="2"} 1.0' in text
    assert 'model_share{model="mood",version="1"} 0.0' in text
    assert 'model_share{model="mood",version="2"} 1.0' in text
    assert 'inference_duration_seconds_count{model="mood",version="2"} 0.0' not in text
    assert 'inference_duration_seconds_count{model="mood",version="champion"} 0.0' in text


def test_alias_that_moves_to_other_types_changes_nothing(moving, monkeypatch, caplog):
    """An alias must not change the routes of a service."""
    client, registry = moving
    monkeypatch.setattr(MoodModel, "logged_input", float)
    registry.set_registered_model_alias("mood", "champion", "2")
    until(lambda: "the logged model takes string, but MoodModel takes number" in caplog.text)
    assert label(client) == ("1", "positive")
