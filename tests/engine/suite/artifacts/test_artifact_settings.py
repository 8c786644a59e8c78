"""Settings of the artifact: read from every layer, and rejected with a place."""

import pytest

from src.config.artifact import ArtifactSettings
from src.config.settings import Settings
from src.core.config import load_config
from src.core.errors import ConfigError

PIN = "0123456789abcdef" * 4
REVISION = "0123456789" * 4


@pytest.fixture
def project(tmp_path):
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs/config.yaml").write_text("")
    return tmp_path


def test_every_layer_is_read_and_later_ones_win(project, monkeypatch):
    yaml = f"model:\n  artifact:\n    uri: a.onnx\n    sha256: {PIN}\n    max_bytes: 1000\n"
    (project / "configs/config.yaml").write_text(yaml)
    (project / ".env").write_text("MODEL__ARTIFACT__URI=b.onnx\nMODEL__ARTIFACT__MAX_BYTES=2000\n")
    monkeypatch.setenv("MODEL__ARTIFACT__MAX_BYTES", "3000")
    found = load_config(project).model.artifact
    assert (found.uri, found.sha256, found.max_bytes) == ("b.onnx", PIN, 3000)


@pytest.mark.parametrize(
    "uri",
    [
        "artifacts/model.onnx", "a b/c.onnx", "model", "file:/srv/m.onnx", "file:///srv/a%20b",
        "s3://models/a/b c.onnx", "s3://models/", "gs://m/x", "az://m/x/", "https://h:8443/m.onnx",
        "hf:gpt2@main", "hf:acme/fraud@v1.0", f"hf:acme/fraud@{REVISION}/onnx/model.onnx",
        "models:/credit@champion", "models:/main.risk.credit-v2@new_one", "models:/credit/12",
        "runs:/0123abcd/model",
    ],
)  # fmt: skip
def test_uri_is_accepted(uri):
    assert ArtifactSettings(uri=uri).uri == uri


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("", "must be a path below the project's folder"),
        (" ", "must be a path below the project's folder"),
        ("ftp://h/m.onnx", "must be a path below the project's folder"),
        ("mlflow-artifacts:/m", "must be a path below the project's folder"),
        ("file:m.onnx", "must be a path below the project's folder"),
        ("file://host/m.onnx", "must be a path below the project's folder"),
        ("http://169.254.169.254/m.onnx", "use https:"),
        ("HTTP://h/m.onnx", "use https:"),
        ("https://h", "as https://host/model.onnx"),
        ("https://h/folder/", "as https://host/model.onnx"),
        ("https://user:secret@h/m.onnx", "without user"),
        ("https://h/m.onnx?signature=secret", "without user or query"),
        ("s3:models/m.onnx", "as s3://host"),
        ("s3://models", "as s3://host"),
        ("hf:acme/fraud", "hf:org/name@revision"),
        ("hf://acme/fraud", "hf:org/name@revision"),
        ("models:/credit", "as models:/name@alias"),
        ("models:/credit/latest", "as models:/name@alias"),
        ("models://secret@host/credit/1", "as models:/name@alias"),
        ("models:/credit@champion/data", "as models:/name@alias"),
        ("runs:/0123abcd", "as runs:/0123abcd/model"),
    ],
)
def test_uri_is_rejected_with_its_place_and_without_its_value(project, uri, expected):
    (project / "configs/config.yaml").write_text(f"model:\n  artifact:\n    uri: '{uri}'\n")
    with pytest.raises(ConfigError, match=expected) as failure:
        load_config(project)
    assert "config.yaml:3:5: model.artifact.uri: " in str(failure.value)
    assert "secret" not in str(failure.value)


@pytest.mark.parametrize(
    ("yaml", "expected"),
    [
        ("artifact: a.onnx", "config.yaml:2:3: artifact: must have its settings below it"),
        ("artifact: {sha256: abc}", "sha256: invalid format: Checksum of the artifact, 64 lower"),
        ("artifact: {allow_pickle: true}", "allow_pickle: needs sha256"),
        ("artifact: {max_bytes: 0}", "max_bytes: Input should be greater"),
        ("artifact: {url: a.onnx}", "url: no such setting; did you mean uri"),
    ],
)
def test_wrong_setting_is_rejected(project, yaml, expected):
    (project / "configs/config.yaml").write_text(f"model:\n  {yaml}\n")
    with pytest.raises(ConfigError, match=expected):
        load_config(project)


@pytest.mark.parametrize(
    ("settings", "is_pinned"),
    [
        ({"uri": "a.onnx"}, False),
        ({"uri": "a.onnx", "sha256": PIN}, True),
        ({"uri": "hf:acme/fraud@main"}, False),
        ({"uri": f"hf:acme/fraud@{REVISION[:-1]}"}, False),
        ({"uri": f"hf:acme/fraud@{REVISION}"}, True),
        ({"uri": f"hf:acme/fraud@{REVISION}/model.onnx"}, True),
        ({"uri": "hf:acme/fraud@main", "sha256": PIN}, True),
    ],
)
def test_pinned_is_what_always_has_the_same_bytes(settings, is_pinned):
    assert ArtifactSettings(**settings).is_pinned is is_pinned


def test_service_needs_no_artifact():
    assert Settings().model.artifact.uri is None
