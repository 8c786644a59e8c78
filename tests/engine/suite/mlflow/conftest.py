"""Folders and a registry of MLflow that all tests share; a test changes copies only."""

import os
import shutil

import pytest

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
import mlflow

from tests.engine.suite.mlflow import mlflow_models


@pytest.fixture(scope="session")
def mood(tmp_path_factory):
    return mlflow_models.save_mood(tmp_path_factory.mktemp("artifacts") / "mood")


@pytest.fixture(scope="session")
def price(tmp_path_factory):
    return mlflow_models.save_price(tmp_path_factory.mktemp("artifacts") / "price")


@pytest.fixture
def changed(tmp_path):
    """Return a function that copies a folder, and changes what its MLmodel says."""

    def change(folder, apply):
        copy = shutil.copytree(folder, tmp_path / "changed")
        mlflow_models.edit(copy, apply)
        return copy

    return change


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    """Return the address of a registry; its model `mood` has two versions."""
    folder = tmp_path_factory.mktemp("registry")
    address = f"sqlite:///{folder}/mlflow.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", address)
        mlflow.create_experiment("moods", artifact_location=folder.joinpath("files").as_uri())
        mlflow.set_experiment("moods")
        for positive in ("positive", "glad"):
            mlflow_models.log_mood(positive)
    return address


@pytest.fixture
def registry(store, monkeypatch):
    """Return a client of the registry, which is also the service's."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    client = mlflow.MlflowClient()
    client.set_registered_model_alias("mood", "champion", "1")
    return client
