"""Errors of a version name its settings where they are configured."""

import pytest

from src.app import create_app
from src.core.errors import ConfigError
from tests.engine.suite.versions.trials import Trial, read, serve

CONFIG = """
model: {name: trial, implementation: "trials:Trial", SHARED}
models:
  trial:
    serve: "1.0"
    OWN
    versions:
      "1.0": {}
      "2.0": {OF_VERSION}
"""
PLACES = ["SHARED", "OWN", "OF_VERSION"]
IN_FULL = dict(zip(PLACES, ["model", "models.trial", "models.trial.versions.2.0"], strict=True))


def config(**settings):
    text = CONFIG
    for place in PLACES:
        text = text.replace(place, settings.get(place, ""))
    return text


@pytest.mark.parametrize("place", PLACES)
def test_wrong_option_is_named_where_it_is(tmp_path, place):
    text = config(**{place: "options: {anser: x}"})
    with pytest.raises(ConfigError) as failure:
        create_app(read(tmp_path, text))
    expected = f"{IN_FULL[place]}.options.anser: no such setting; did you mean answer?"
    assert str(failure.value).endswith(f": {expected}")


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("place", PLACES)
def test_error_while_loading_names_the_setting_or_its_section(tmp_path, monkeypatch, place):
    def load(self):
        if self.options.answer == "wrong":
            raise ConfigError("model.options.file: model.options is not in a/model.options.x")

    monkeypatch.setattr(Trial, "load", load)
    monkeypatch.setattr(Trial, "unload", lambda _: None)
    text = config(**{place: "options: {answer: wrong}"}).replace('serve: "1.0"', 'serve: "2.0"')
    with serve(tmp_path, text) as client:
        section = IN_FULL[place]
        (failure,) = client.app.state.failures
        assert str(failure) == (
            f"{section}.options.file: {section}.options is not in a/model.options.x"
        )


def test_setting_that_is_nowhere_keeps_its_name(tmp_path, monkeypatch):
    def load(_):
        raise ConfigError("model.artifact.uri: there is no model.onnx")

    monkeypatch.setattr(Trial, "load", load)
    with serve(tmp_path, config()) as client:
        assert str(client.app.state.failures[0]) == "model.artifact.uri: there is no model.onnx"
