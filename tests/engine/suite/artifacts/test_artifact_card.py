"""The card of an artifact: where it is found, what is served of it, what is rejected."""

import hashlib
import json
import logging
from importlib.metadata import version

import pytest
from fastapi.testclient import TestClient

from src.app import create_app
from src.config.artifact import ArtifactSettings
from src.config.settings import Settings
from src.core.artifacts import card as cards
from src.core.artifacts.card import Card, as_table, main, read_card, warn_about_versions
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
    with pytest.raises(ConfigError, match=r"model\.artifact\.card: there is no .*other\.yaml$"):
        read(project, card="other.yaml")


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
    assert "is of another artifact" in str(failure)
    assert actual in str(failure)


def test_other_versions_of_packages_are_warnings(caplog):
    same = {"pydantic": version("pydantic"), "no-such-package": "1"}
    with caplog.at_level(logging.WARNING):
        warn_about_versions(Card(version="1", made_with=same))
        assert caplog.messages == []
        warn_about_versions(Card(version="1", made_with={"pydantic": "1.0"}))
    [line] = caplog.messages
    assert line.startswith("The artifact was made with pydantic 1.0, ")


def test_not_a_number_is_null(project):
    (project / "artifacts/price.card.yaml").write_text("version: '1'\nmetrics: {f1: .nan}\n")
    with TestClient(app_of(project)) as client:
        [model] = client.get("/info").json()["models"]
    assert json.loads(json.dumps(model["card"])) == {"version": "1", "metrics": {"f1": None}}


def test_command_prints_a_table_or_one_line(project, monkeypatch, capsys):
    settings = Settings.model_validate({"model": {"artifact": {"uri": "artifacts/price.onnx"}}})
    monkeypatch.setattr(cards, "load_config", lambda: settings)
    monkeypatch.setattr(cards.read_card, "__defaults__", (project,))
    assert main() == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[:4] == [
        "| | |",
        "| --- | --- |",
        "| Version | 1.10 |",
        "| Made with numpy | 2.4.1 |",
    ]
    assert r"| Data | Texts \| of 2026 |" in printed
    (project / "artifacts/price.card.yaml").unlink()
    assert main() == 78
    assert capsys.readouterr().err.startswith("There is no card: no model.artifact.card, and no ")


def test_table_has_a_line_for_each_value():
    assert as_table(Card(version="1", data="two\nlines")).splitlines()[-1] == "| Data | two lines |"
