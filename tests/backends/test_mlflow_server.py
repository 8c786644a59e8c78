"""A service in front of a real server of MLflow: an alias is resolved, moved and reloaded."""

import os
import signal
import subprocess
import time

import pytest

from tools.managers import ROOT, ensure_environment
from tools.service import running

URI = "models:/mood@champion"
LOG = """
import sys
import mlflow
from mlflow.models import infer_signature
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

texts, labels = ["good", "bad"], [sys.argv[1], "negative"]
logged = mlflow.sklearn.log_model(
    make_pipeline(CountVectorizer(), LogisticRegression()).fit(texts, labels),
    name="mood",
    registered_model_name="mood",
    signature=infer_signature(texts, labels),
    serialization_format="skops",
    pip_requirements=["scikit-learn"],
)
version = logged.registered_model_version
mlflow.MlflowClient().set_registered_model_alias("mood", "champion", version)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Run a server in an environment of its own, with a folder for its files."""
    commands = ensure_environment(ROOT / ".cache/mlflow", ["mlflow>=3.17,<4"])
    folder = tmp_path_factory.mktemp("mlflow")
    start = [
        *(str(commands / "mlflow"), "server", "--host", "127.0.0.1", "--port", "0"),
        *("--backend-store-uri", f"sqlite:///{folder}/mlflow.db"),
        *("--artifacts-destination", str(folder / "files"), "--workers", "1"),
    ]
    env = {
        "PATH": f"{commands}:/usr/bin:/bin",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    with running(start, cwd=folder, env=env, log=folder / "log", ready="/health") as server:
        yield server


@pytest.fixture(scope="module")
def log_mood(server, backend_commands, tmp_path_factory):
    """Return a function that registers a model, which names its label, as the champion."""
    script = tmp_path_factory.mktemp("training") / "log_mood.py"
    script.write_text(LOG, "utf-8")

    def log(label):
        env = {"PATH": "/usr/bin:/bin", "MLFLOW_TRACKING_URI": server.url}
        command = [backend_commands / "python", str(script), label]
        subprocess.run(command, env=env, cwd=script.parent, check=True, capture_output=True)

    return log


@pytest.fixture
def serve(render, backend_commands, tmp_path):
    """Return a function that starts the example's service with the model of the registry."""
    project = render(model_backend="mlflow")

    def start(url, ready="/ready", **variables):
        env = {
            "PATH": os.environ["PATH"],
            "XDG_CACHE_HOME": str(tmp_path / "cache"),
            "MLFLOW_TRACKING_URI": url,
            "MODEL__ARTIFACT__URI": URI,
            **variables,
        }
        command = [str(backend_commands / "python"), "src/main.py"]
        return running(command, cwd=project, env=env, log=tmp_path / "log", ready=ready)

    return start


def label(service):
    """Return the version that responded, and its label."""
    _, answer, headers = service.request("/predict", {"input": "good"})
    return headers["x-model-version"], answer["prediction"]["label"]


def wait_for(condition):
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_alias_is_served_and_followed(server, log_mood, serve):
    log_mood("positive")
    with serve(server.url, REPOSITORY__POLL_S="0.3", MODEL__CACHE_SIZE="0") as service:
        assert label(service) == ("1", "positive")
        log_mood("glad")
        wait_for(lambda: label(service) == ("2", "glad"))
        assert 'version="2"' in service.request("/metrics")[1]
        log_mood("happy")
        os.kill(service.process.pid, signal.SIGHUP)
        wait_for(lambda: label(service) == ("3", "happy"))
        assert "ERROR" not in service.log.read_text("utf-8")


def test_server_that_is_down_is_waited_for(serve):
    with serve("http://127.0.0.1:9", ready="/health") as service:
        wait_for(lambda: "The artifact is not available" in service.log.read_text("utf-8"))
        assert service.request("/ready")[0] == 503
        assert service.request("/health")[0] == 200
        assert f"next attempt in 1 s: {URI}: " in service.log.read_text("utf-8")
