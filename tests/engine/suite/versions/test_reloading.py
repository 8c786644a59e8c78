"""Log lines of a reload: which settings it changed, and which source won."""

import pytest
from pydantic import SecretStr

from src.config.settings import Settings
from src.core.config import load_config
from src.serving import reloading
from src.serving.config_changes import log_changes
from tests.conftest import until
from tests.engine.suite.versions.trials import serve, write

CONFIG = """
model: {implementation: "trials:Trial", cache_size: 0}
models:
  trial:
    serve: "1"
    versions: {"1": {options: {answer: one}}, "2": {}}
"""


@pytest.fixture
def reload(tmp_path, monkeypatch, log):
    """Reload other settings in a service; return the lines about them."""
    monkeypatch.setattr(reloading, "load_config", lambda: load_config(tmp_path))
    with serve(tmp_path, CONFIG) as client:

        async def create():
            return reloading.Reloader(client.app.state)

        reloader = client.portal.call(create)

        def change(text):
            write(tmp_path, text)
            log.truncate(0)
            client.portal.call(reloader.reload)
            until(lambda: any(end in log.getvalue() for end in ("Reloaded the", "Nothing has")))
            lines = log.getvalue().replace(f"{tmp_path}/configs/", "").splitlines()
            found = [line.partition(" - ")[2].partition(" - ")[2] for line in lines]
            return [line for line in found if line.startswith(("Changed", "No setting", "Nothing"))]

        yield change
        client.portal.call(reloader.stop)


def test_changed_value_is_logged_with_the_old_one_and_its_place(reload):
    assert reload(CONFIG.replace('serve: "1"', 'shares: {"1": 9, "2": 1}')) == [
        "Changed: models.trial.serve: 1 -> not set",
        "Changed: models.trial.shares.1: not set -> 9 (config.yaml:5:14)",
        "Changed: models.trial.shares.2: not set -> 1 (config.yaml:5:22)",
    ]
    assert reload("api_port: 8001\n" + CONFIG) == [
        "Changed: api_port: 8000 -> 8001 (config.yaml:1:1)",
        "Changed: models.trial.serve: not set -> 1 (config.yaml:6:5)",
        "Changed: models.trial.shares.1: 9 -> not set",
        "Changed: models.trial.shares.2: 1 -> not set",
    ]
    assert reload(CONFIG) == ["Changed: api_port: 8001 -> 8000 (default)"]


def test_reload_without_a_change_is_logged_with_the_variables_that_win(reload, monkeypatch):
    assert reload(CONFIG) == ["No setting has changed"]
    monkeypatch.setenv("MODELS__TRIAL__SERVE", "2")
    (line,) = reload(CONFIG)
    assert line == "Changed: models.trial.serve: 1 -> 2 (environment MODELS__TRIAL__SERVE)"
    assert reload(CONFIG.replace('serve: "1"', 'serve: "2"')) == [
        "No setting has changed; these win over the files: environment MODELS__TRIAL__SERVE"
    ]


def test_value_that_may_be_secret_is_hidden(reload):
    assert reload(CONFIG.replace("answer: one", "answer: two").replace('"2": {}', '"3": {}')) == [
        "Changed: models.trial.versions.1.options.answer: *** -> *** (config.yaml:6:32)",
        "Changed: models.trial.versions.2: {} -> not set",
        "Changed: models.trial.versions.3: not set -> {} (config.yaml:6:47)",
    ]


def test_secrets_and_numbers_of_options_are_hidden(log):
    class Own(Settings):
        token: SecretStr = SecretStr("a")

    other = {"token": "b", "model": {"options": {"serve": "pin", "pin": 1}}}
    log_changes(Own(), Own.model_validate(other))
    lines = [line.partition(" - INFO - ")[2] for line in log.getvalue().splitlines()]
    assert lines == [
        "Changed: model.options: {} -> not set",
        "Changed: model.options.pin: not set -> *** (default)",
        "Changed: model.options.serve: not set -> *** (default)",
        "Changed: token: *** -> *** (default)",
    ]


def test_later_settings_are_compared_with_those_before_the_rejected_ones(reload):
    for wrong in ("srve:", "api_port: x\n    serve:"):
        (line,) = reload(CONFIG.replace("serve:", wrong))
        assert line.startswith("Nothing has changed: config.yaml:5:5: models.trial.")
    assert reload(CONFIG) == ["No setting has changed"]
