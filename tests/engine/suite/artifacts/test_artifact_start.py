"""The artifact at the start: before `load`, off the event loop, and patient with its source."""

import logging
import threading
from typing import ClassVar

import pytest
from fastapi.testclient import TestClient

from src.app import create_app
from src.config.settings import Settings
from src.core.artifacts import Artifact, UnavailableError, checksum, resolve
from src.core.errors import ConfigError
from src.services import artifacts
from tests.conftest import TextModel, until

PIN = "0" * 64


class ReadingModel(TextModel):
    """Predict what is in the artifact."""

    def load(self):
        assert self.artifact is not None
        self.text = self.artifact.read_text()

    def predict(self, input_data: str) -> str:
        return self.text


class AsyncModel(ReadingModel):
    async def load(self):  # type: ignore[override]
        super().load()


def app_of(uri, model=None, failed=print, environment="test", **artifact):
    settings = {"environment": environment, "model": {"artifact": {"uri": uri, **artifact}}}
    return create_app(
        Settings.model_validate(settings), model=model or ReadingModel(), on_load_failure=failed
    )


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "model.txt"
    file.write_text("weights")
    return file


@pytest.mark.parametrize("kind", [ReadingModel, AsyncModel])
def test_model_finds_its_artifact_when_it_loads(file, kind, log):
    with TestClient(app_of(f"file:{file}", kind())) as client:
        until(lambda: client.get("/ready").status_code == 200)
        assert client.post("/predict", json={"input": "x"}).json() == {"prediction": "weights"}
    assert f"Verified artifact: file:{file} sha256={checksum(file)}\n" in log.getvalue()


def test_model_without_an_artifact_has_none(client_of):
    model = TextModel()
    client_of(model)
    assert model.artifact is None


def test_model_may_name_suffixes(file):
    class OnnxModel(ReadingModel):
        artifact_suffixes: ClassVar[set[str]] = {".onnx"}

    failures: list[Exception] = []
    with TestClient(app_of(f"file:{file}", OnnxModel(), failures.append)):
        until(lambda: failures)
    assert "must end with .onnx" in str(failures)


@pytest.mark.parametrize(
    ("artifact", "expected"),
    [
        ({"uri": "artifacts/none.onnx"}, "there is no "),
        ({"uri": "file:{file}", "sha256": PIN}, "has the checksum"),
    ],
)
def test_wrong_artifact_ends_the_start_in_one_line(file, artifact, expected):
    failures: list[Exception] = []
    artifact = {key: value.format(file=file) for key, value in artifact.items()}
    with TestClient(app_of(failed=failures.append, **artifact)) as client:
        until(lambda: failures)
        assert client.get("/ready").status_code == 503
    (failure,) = failures
    assert isinstance(failure, ConfigError)
    assert expected in str(failure)
    assert "\n" not in str(failure)


def test_production_rejects_what_is_not_pinned(file):
    with pytest.raises(ConfigError, match="sha256: must be set when environment is production"):
        app_of(f"file:{file}", environment="production")
    app_of(f"file:{file}", environment="production", sha256=PIN)
    app_of(f"file:{file}", environment="production", allow_unpinned=True)
    app_of(f"file:{file}", environment="staging")


@pytest.mark.parametrize(
    ("uri", "needed"),
    [
        ("s3://models/model.onnx", "feature object_stores"),
        ("hf:acme/fraud@main", "feature hugging_face"),
        ("models:/credit@champion", "backend mlflow"),
        ("runs:/0123abcd/model", "backend mlflow"),
    ],
)
def test_source_without_its_feature_is_rejected_before_the_start(monkeypatch, uri, needed):
    monkeypatch.setattr(resolve, "find_spec", lambda _module: None)
    with pytest.raises(ConfigError, match=f"needs the {needed} of the template"):
        app_of(uri)


def test_library_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setattr(resolve, "find_spec", lambda _module: "found")
    monkeypatch.setattr(resolve, "SOURCES", {"s3": "nothing_of_the_kind"})
    with pytest.raises(ConfigError, match=r"Cannot import \S*nothing_of_the_kind"):
        app_of("s3://models/model.onnx")


def test_source_that_is_down_is_tried_again(file, monkeypatch, caplog):
    """Alive and not ready meanwhile; ready once the source is there."""
    attempts, is_up = [], threading.Event()

    def provide(*_, **__):
        attempts.append(threading.current_thread())
        if not is_up.is_set():
            raise UnavailableError("connection failed")
        return Artifact(file, PIN)

    monkeypatch.setattr(artifacts, "provide", provide)
    monkeypatch.setattr(artifacts, "FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr(artifacts, "LONGEST_PAUSE_S", 0.004)
    failures: list[Exception] = []
    with TestClient(app_of(f"file:{file}", failed=failures.append)) as client:
        until(lambda: len(attempts) > 5)
        assert client.get("/health").status_code == 200
        assert client.get("/ready").status_code == 503
        is_up.set()
        until(lambda: client.get("/ready").status_code == 200)
    assert not failures
    assert threading.main_thread() not in attempts
    logged = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    pauses = [line.split(" s: ")[0].split()[-1] for line in logged]
    assert pauses[:5] == ["0.001", "0.002", "0.004", "0.004", "0.004"]


def test_service_that_waits_for_a_source_ends_at_once(file, monkeypatch):
    def provide(*_, **__):
        raise UnavailableError("connection failed")

    monkeypatch.setattr(artifacts, "provide", provide)
    monkeypatch.setattr(artifacts, "FIRST_PAUSE_S", 3600)
    failures: list[Exception] = []
    with TestClient(app_of(f"file:{file}", failed=failures.append)) as client:
        assert client.get("/health").status_code == 200
    assert not failures
