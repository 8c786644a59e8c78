"""The card of an artifact: where it is found, what is served of it, what is rejected."""

import hashlib
import logging
from importlib.metadata import version

import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError

from src.app import create_app
from src.config.artifact import ArtifactSettings
from src.config.settings import Settings
from src.core.artifacts import card_table
from src.core.artifacts.card import Card, default_path, read_card, warn_about_versions
from src.core.artifacts.card_table import as_table, main
from src.core.errors import ConfigError
from tests.conftest import TextModel, until

CARD = """\
version: "1.10"
made_with: {numpy: 2.4.1}
data: Texts | of 2026
metrics: {accuracy: 0.93}
license: MIT
trained_by: [us]
released: 2026-11-01
"""
SHOWN = {
    "version": "1.10",
    "made_with": {"numpy": "2.4.1"},
    "data": "Texts | of 2026",
    "metrics": {"accuracy": 0.93},
    "license": "MIT",
    "trained_by": ["us"],
    "released": "2026-11-01",
}


@pytest.fixture
def project(tmp_path):
    (tmp_path / "artifacts").mkdir()
    (tmp_path / "artifacts/price.onnx").write_bytes(b"weights")
    (tmp_path / "artifacts/price.card.yaml").write_text(CARD)
    return tmp_path


def read(project, uri="artifacts/price.onnx", **settings):
    return read_card(ArtifactSettings(uri=uri, **settings), project)


def app_of(project, failed=print, **model):
    uri = f"file:{project}/artifacts/price.onnx"
    values = {"artifact": {"uri": uri}, "cache_size": 0, **model}
    settings = Settings.model_validate({"model": values})
    return create_app(settings, model=TextModel(), on_load_failure=failed)


@pytest.mark.parametrize(
    "uri", ["artifacts/price.onnx", "artifacts/price.skops", "artifacts/price"]
)
def test_card_is_beside_the_artifact(project, uri):
    found = read(project, uri)
    assert (found.version, found.metrics) == ("1.10", {"accuracy": 0.93})
    assert read(project, f"file:{project}/{uri}") == found


def test_artifact_without_a_card_has_none(project):
    assert read(project, "artifacts/other.onnx") is None
    assert read(project, "s3://models/artifacts/price.onnx") is None
    assert read_card(ArtifactSettings(), project) is None


def test_card_of_a_setting_is_used_for_any_artifact(project):
    found = read(project, "s3://models/price.onnx", card="artifacts/price.card.yaml")
    assert found.version == "1.10"
    for wrong in ("other.yaml", "artifacts", "x" * 300):
        with pytest.raises(ConfigError, match=rf"{wrong}"):
            read(project, card=wrong)
    with pytest.raises(ValidationError, match="needs uri"):
        ArtifactSettings(card="artifacts/price.card.yaml")


def test_card_of_a_folder_has_its_whole_name(project):
    (project / "artifacts/v1.1").mkdir()
    (project / "artifacts/v1.card.yaml").write_text("version: '1.0'")
    assert read(project, "artifacts/v1.1") is None
    (project / "artifacts/v1.1.card.yaml").write_text("version: '1.1'")
    assert read(project, "artifacts/v1.1").version == "1.1"


def test_card_that_is_no_file_is_named(project):
    (project / "artifacts/other.card.yaml").mkdir()
    with pytest.raises(ConfigError, match=r"other\.card\.yaml"):
        read(project, "artifacts/other.onnx")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("version: 1.10", "1:1: version: Input should be a valid string; put it in quotes"),
        ("data: all", "1:1: version: must be set"),
        ("version: a b", "1:1: version: invalid format: "),
        ("version: '1'\nmetrics: {f1: good}", "2:11: metrics.f1: Input should be a valid number"),
        ("version: '1'\nmade_with: {numpy: 2.4}", "2:13: made_with.numpy: .*; put it in quotes"),
        ("version: '1'\nsha256: abc", "2:1: sha256: invalid format: "),
        ("version: ['1'", "1:14: "),
        ("[1, 2]", "1:1: expected `name: value` lines"),
        ("version: '1'\nkey: !!binary gA==", r"price\.card\.yaml: "),
    ],
)
def test_card_that_cannot_be_read_is_one_line_with_its_place(project, text, line):
    (project / "artifacts/price.card.yaml").write_text(text)
    with pytest.raises(ConfigError, match=line) as failure:
        read(project)
    problem, where = str(failure.value).split("\n")
    assert (problem, "price.card.yaml:" in where) == ("Configuration error:", True)


def test_version_and_card_are_served(project, log):
    with TestClient(app_of(project)) as client:
        until(lambda: client.get("/ready").status_code == 200)
        assert client.get("/ready").json()["models"] == {"echo": "1.10"}
        [model] = client.get("/info").json()["models"]
        assert client.post("/predict?input=x").headers["x-model-version"] == "1.10"
    assert (model["version"], model["card"]) == ("1.10", SHOWN)
    assert "Loaded model: echo model=echo@1.10 " in log.getvalue()


def test_setting_has_the_last_word_on_the_version(project):
    with TestClient(app_of(project, version="2.0")) as client:
        [model] = client.get("/info").json()["models"]
    assert (model["version"], model["card"]["version"]) == ("2.0", "1.10")


def test_card_of_another_artifact_ends_the_start(project):
    card, failures = project / "artifacts/price.card.yaml", list[Exception]()
    actual = hashlib.sha256(b"weights").hexdigest()
    card.write_text(f"{CARD}sha256: '{actual}'\n")
    with TestClient(app_of(project)) as client:
        until(lambda: client.get("/ready").status_code == 200)
    card.write_text(f"{CARD}sha256: '{'0' * 64}'\n")
    with TestClient(app_of(project, failures.append)):
        until(lambda: failures)
    [failure] = failures
    assert str(failure).startswith(f"{card}: sha256: is of another artifact; this one has {actual}")


def test_other_versions_of_packages_are_warnings(caplog):
    same = {"pydantic": f"{version('pydantic')}+cpu", "no-such-package": "1", "": "1"}
    with caplog.at_level(logging.WARNING):
        warn_about_versions(Card(version="1", made_with=same))
        assert caplog.messages == []
        warn_about_versions(Card(version="1", made_with={"pydantic": "1.0"}))
    [line] = caplog.messages
    assert line.startswith("The artifact was made with pydantic 1.0, ")


def test_model_without_any_version_is_a_warning(project, caplog):
    class Unversioned(TextModel):
        version = "unversioned"

    (project / "artifacts/price.card.yaml").unlink()
    settings = {"model": {"artifact": {"uri": f"file:{project}/artifacts/price.onnx"}}}
    create_app(Settings.model_validate(settings), model=Unversioned())
    assert caplog.messages == ["The model has no version: no card, and no model.version"]


def test_number_that_json_lacks_is_text(project):
    metrics = "metrics: {f1: .nan, loss: .inf}\nfolds: [-.inf, {auc: .nan}]\n"
    (project / "artifacts/price.card.yaml").write_text(f"version: '1'\n{metrics}")
    with TestClient(app_of(project)) as client:
        [model] = client.get("/info").json()["models"]
    assert model["card"]["metrics"] == {"f1": "NaN", "loss": "Infinity"}
    assert model["card"]["folds"] == ["-Infinity", {"auc": "NaN"}]
    card = read(project)
    assert card is not None
    assert "| Metrics f1 | NaN |" in as_table(card)


def test_command_prints_a_table_or_one_line(project, monkeypatch, capsys):
    settings = Settings.model_validate({"model": {"artifact": {"uri": "artifacts/price.onnx"}}})
    monkeypatch.setattr(card_table, "load_config", lambda: settings)
    monkeypatch.setattr(read_card, "__defaults__", (project,))
    assert main() == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[:4] == [
        "| | |",
        "| --- | --- |",
        "| Version | 1.10 |",
        "| Made with numpy | 2.4.1 |",
    ]
    assert r"| Data | Texts \| of 2026 |" in printed
    monkeypatch.setattr(card_table, "PROJECT_DIR", project)
    card = project / "artifacts/price.card.yaml"
    card.write_text(f"{CARD}sha256: '{'0' * 64}'\n")
    assert main() == 78
    assert "sha256: is of another artifact" in capsys.readouterr().err
    card.unlink()
    monkeypatch.setattr(default_path, "__defaults__", (project,))
    assert main() == 78
    assert capsys.readouterr().err.endswith(f", and no {card}\n")


def test_table_has_a_line_for_each_value():
    assert as_table(Card(version="1", data="two\nlines")).splitlines()[-1] == "| Data | two lines |"
