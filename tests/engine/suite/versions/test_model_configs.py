"""The section `models`: inheritance, rollback by one value, errors with file, line and column."""

import pytest

from src.core.errors import ConfigError
from src.core.model_configs import read_models
from tests.engine.suite.versions.trials import read

TWO = """
model:
  name: sentiment
  cache_size: 7
models:
  sentiment:
    serve: "2.0.0"
    cache_bytes: 5
    versions:
      "1.4.0": {}
      "2.0.0": {cache_size: 9, options: {answer: new}}
  credit:
    implementation: trials:Trial
"""


def models(tmp_path, text):
    return read_models(read(tmp_path, text))


def error(tmp_path, text):
    with pytest.raises(ConfigError) as failure:
        models(tmp_path, text)
    message = str(failure.value)
    assert message.startswith("Configuration error:\n  ")
    return message.partition("\n  ")[2].replace(str(tmp_path), "").replace("\\", "/")


def test_each_version_inherits_from_its_model_and_from_the_section_model(tmp_path):
    config = models(tmp_path, TWO)["sentiment"]
    old, new = (config.versions[version].model for version in ("1.4.0", "2.0.0"))
    assert (old.name, old.version, old.cache_size, old.cache_bytes) == ("sentiment", "1.4.0", 7, 5)
    assert (new.cache_size, new.cache_bytes) == (9, 5)
    assert new.options.model_extra == {"answer": "new"}
    assert config.served.weights == {"2.0.0": 1}


def test_models_are_in_order_and_the_default_one_is_first(tmp_path):
    text = TWO.replace("name: sentiment", "name: credit")
    found = models(tmp_path, text)
    assert [*found] == ["credit", "sentiment"]
    assert [*found["credit"].versions] == [""]
    assert found["credit"].versions[""].model.implementation == "trials:Trial"


def test_without_the_section_there_is_the_one_model(tmp_path):
    found = models(tmp_path, "model: {name: alone, version: '3'}")
    assert [*found] == [""]
    assert found[""].versions[""].model.name == "alone"


def test_only_model_needs_no_default(tmp_path):
    assert [*models(tmp_path, "models: {one: {}}")] == ["one"]


def test_one_variable_rolls_back(tmp_path, monkeypatch):
    text = TWO.replace('serve: "2.0.0"', 'shares: {"2.0.0": 1}')
    assert models(tmp_path, text)["sentiment"].served.weights == {"2.0.0": 1}
    monkeypatch.setenv("MODELS__SENTIMENT__SERVE", "1.4.0")
    assert models(tmp_path, text)["sentiment"].served.weights == {"1.4.0": 1}


def test_version_in_a_variable_stays_a_text(tmp_path, monkeypatch):
    text = 'models: {one: {serve: "1.1", versions: {"1.1": {}, "1.10": {}}}}'
    monkeypatch.setenv("MODELS__ONE__SERVE", "1.10")
    assert models(tmp_path, text)["one"].served.serve == "1.10"


def test_shares_in_a_variable_are_json(tmp_path, monkeypatch):
    text = 'models: {one: {serve: "1", versions: {"1": {}, "2": {}}}}'
    monkeypatch.setenv("MODELS__ONE__SHARES", '{"1": 90, "2": 10}')
    assert models(tmp_path, text)["one"].served.shares == {"1": 90, "2": 10}
    monkeypatch.setenv("MODELS__ONE__SHARES", "1: 90")
    message = error(tmp_path, text)
    assert message.startswith("environment MODELS__ONE__SHARES: models.one.shares: must have a")


@pytest.mark.parametrize(
    ("setting", "example"),
    [("shares", '{"1.4.0": 90, "2.0.0": 10}'), ("shadow", '{"2.0.0": 0.05}')],
)
@pytest.mark.parametrize("value", ["a", "[a]", '"a: 0.5"', "0.5", ""])
def test_numbers_in_another_form_are_rejected_with_an_example(tmp_path, setting, example, value):
    message = error(tmp_path, f"models:\n  one:\n    {setting}: {value}\n    versions: {{a: {{}}}}")
    expected = f"models.one.{setting}: must have a number for each version, as in {example}"
    assert message == f"/configs/config.yaml:3:5: {expected}"


@pytest.mark.parametrize("text", [TWO, TWO.partition("  credit:")[0]])
def test_variable_of_a_model_that_is_not_there_is_rejected_with_the_nearest(
    tmp_path, monkeypatch, text
):
    monkeypatch.setenv("MODELS__SENTIMNT__SERVE", "1.4.0")
    assert error(tmp_path, text) == (
        "environment MODELS__SENTIMNT__SERVE: models.sentimnt: there is no model of this name "
        "that has versions; did you mean sentiment?"
    )


def test_variables_alone_can_configure_a_model(tmp_path, monkeypatch):
    monkeypatch.setenv("MODELS__ONE__VERSIONS__A__CACHE_SIZE", "3")
    monkeypatch.setenv("MODELS__ONE__SERVE", "a")
    assert models(tmp_path, "")["one"].versions["a"].model.cache_size == 3


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        (TWO.replace("credit", "the credit"), ":12:3", "models.the credit: must be"),
        (
            TWO.replace("credit", "Credit"),
            ":12:3",
            "models.Credit: must be in lower case, credit, as in URLs",
        ),
        (
            TWO.replace("name: sentiment", "name: SENTIMENT"),
            ":3:3",
            "config.yaml:6:3), credit (",
        ),
        (TWO.replace("name: sentiment", "name: SENTIMENT"), ":3:3", "did you mean sentiment?"),
        (
            "models:\n  one:\n    versions:\n      1.10: {}\n",
            ":3:5",
            'models.one.versions.1.1: put it in quotes, as in "1.10"',
        ),
        (
            'models:\n  one:\n    serve: 1.1\n    versions: {"1.1": {}}',
            ":3:5",
            "models.one.serve: Input should be a valid string; put it in quotes",
        ),
        (
            'models:\n  one:\n    serve: "1.4"\n    versions:\n      "1.40": {}\n',
            ":3:5",
            "models.one.serve: there is no version 1.4; did you mean 1.40?",
        ),
        (
            'models:\n  one:\n    shares: {"2": 1}\n    versions: {"1": {}}\n',
            ":3:5",
            "models.one.shares: there is no version 2; did you mean 1?",
        ),
        (
            'models:\n  one:\n    versions:\n      "1": {}\n      "2": {}\n',
            ":2:3",
            "models.one: set serve to one of the versions 1, 2",
        ),
        (
            'models:\n  one:\n    versions:\n      "1":\n        cache_sice: 1\n',
            ":5:9",
            "models.one.versions.1.cache_sice: no such setting; did you mean cache_size?",
        ),
        ("models:\n  one:\n    srve: 1\n", ":3:5", "no such setting; did you mean serve?"),
        ("models:\n  one: 3\n", ":2:3", "models.one: must have its settings below it"),
        ("models:\n  one: {versions: {a: 3}}", ":2:20", "models.one.versions.a: must have"),
        ("models:\n  one: {}\n  two: {}\n", ":1:1", "model.name: must be the default one of one ("),
        (
            "model:\n  name: thre\nmodels:\n  one: {}\n  three: {}\n",
            ":2:3",
            "config.yaml:5:3); did you mean three?",
        ),
        ("models:\n  one:\n    shadow: {a: 2}\n    versions: {a: {}}", ":3:14", "shadow.a"),
        ("models:\n  one:\n    shares: {a: 0}\n    versions: {a: {}}", ":3:5", "a share above 0"),
        ("models:\n  one:\n    sticky_header: 'a b'\n", ":3:5", "models.one.sticky_header"),
        ("models:\n  one:\n    NAME: x\n    name: y\n", ":4:5", "is set twice"),
    ],
)
def test_error_names_line_and_setting(tmp_path, text, where, what):
    message = error(tmp_path, text)
    assert message.startswith(f"/configs/config.yaml{where}: "), message
    assert what in message
