"""Settings of a model's own: declared by its class, read from every layer, errors with a place."""

from enum import Enum
from typing import ClassVar

import pytest
from fastapi.testclient import TestClient
from pydantic import Field, SecretStr

from src.app import create_app
from src.config.base import Section
from src.config.settings import Settings
from src.core.config import load_config, read_options, warn_about_ignored_variables
from src.core.errors import ConfigError
from tests.conftest import NumericModel, until


class PriceModel(NumericModel):
    class Options(Section):
        currency: str = "EUR"
        rate: float = Field(default=1.5, gt=0)
        key: SecretStr = SecretStr("none")

    options: Options
    loaded_with: ClassVar[list[str]] = []

    def load(self) -> None:
        self.loaded_with.append(self.options.currency)


@pytest.fixture
def project(tmp_path):
    (tmp_path / "configs").mkdir()
    return tmp_path


def options(project, yaml="", env=""):
    (project / "configs" / "config.yaml").write_text(yaml)
    (project / ".env").write_text(env)
    return read_options(load_config(project), PriceModel.Options)


def test_every_layer_is_read_and_later_ones_win(project, monkeypatch):
    yaml = "model: {options: {currency: USD, rate: 2}}"
    env = "MODEL__OPTIONS__RATE=3\nMODEL__OPTIONS__KEY=secret"
    monkeypatch.setenv("MODEL__OPTIONS__RATE", "4")
    found = options(project, yaml, env)
    assert (found.currency, found.rate, found.key.get_secret_value()) == ("USD", 4, "secret")
    assert "secret" not in repr(load_config(project))
    assert options(project, env='MODEL__OPTIONS={"currency": "CHF"}').currency == "CHF"


@pytest.mark.parametrize(
    ("yaml", "env", "message"),
    [
        (
            "model:\n  options:\n    rate: 0",
            "",
            r"config\.yaml:3:5: model\.options\.rate: .*greater",
        ),
        (
            "",
            "A=1\nMODEL__OPTIONS__RATE=x",
            r"\.env:2 MODEL__OPTIONS__RATE: model\.options\.rate: ",
        ),
        ("model: {options: {rates: 1}}", "", r"yaml:1:19: .*rates: no such .* did you mean rate\?"),
        ("model: {options: 3}", "", r"yaml:1:9: options: must have its settings below it"),
    ],
)
def test_wrong_value_is_reported_with_its_place(project, yaml, env, message):
    with pytest.raises(ConfigError, match=message):
        options(project, yaml, env)


def test_model_without_options_rejects_them():
    settings = Settings.model_validate({"model": {"options": {"rate": 1}}})
    with pytest.raises(ConfigError, match=r"model\.options\.rate: no such setting$"):
        create_app(settings, model=NumericModel())


def test_model_has_its_options_before_it_loads():
    settings = Settings.model_validate({"model": {"options": {"currency": "USD"}}})
    with TestClient(create_app(settings, model=PriceModel())) as client:
        until(lambda: client.get("/ready").status_code == 200)
    assert PriceModel.loaded_with.pop() == "USD"
    assert PriceModel().options.currency == "EUR", "the defaults, in a test of the class alone"


def test_options_that_were_assigned_stay_unless_settings_say_otherwise():
    model = PriceModel()
    model.options = PriceModel.Options(rate=7)
    create_app(Settings(), model=model)
    assert model.options.rate == 7
    create_app(Settings.model_validate({"model": {"options": {"rate": 3}}}), model=model)
    assert model.options.rate == 3


def test_older_model_keeps_what_it_has_under_these_names():
    class Older(NumericModel):
        class Options(Enum):
            FAST = 1

        def __init__(self) -> None:
            self.options = {"providers": ["CPU"]}

    model = Older()
    create_app(Settings(), model=model)
    assert model.options == {"providers": ["CPU"]}


def test_required_option_and_another_case_and_another_project(tmp_path, monkeypatch):
    class Strict(Section):
        Token: str = Field(pattern="^a")

    monkeypatch.setenv("MODEL__OPTIONS__TOKEN", "b")
    with pytest.raises(
        ConfigError, match=r"environment MODEL__OPTIONS__TOKEN: model\.options\.Token"
    ):
        read_options(load_config(tmp_path), Strict)
    monkeypatch.delenv("MODEL__OPTIONS__TOKEN")
    with pytest.raises(
        ConfigError, match=r"default: .*: must be set, as in MODEL__OPTIONS__TOKEN="
    ):
        read_options(load_config(tmp_path), Strict)


def test_options_are_not_taken_for_misspelt_settings(project, caplog):
    (project / ".env").write_text("MODEL__OPTIONS__NAME=x\nLOG_LEVELS=x")
    warn_about_ignored_variables(project)
    assert caplog.messages == ["Ignored LOG_LEVELS in .env: did you mean LOG_LEVEL?"]
