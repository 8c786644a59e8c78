"""Other settings, or another artifact, without a restart."""

import asyncio
import os
import signal
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from src.core.errors import ConfigError, ServiceError
from src.services.versions.changes import change
from src.serving import reloading
from tests.conftest import until
from tests.engine.suite.versions.trials import Trial, predict, read, serve, write

CONFIG = """
model: {implementation: "trials:Trial", cache_size: 0}
models:
  trial:
    serve: "1"
    versions:
      "1": {options: {answer: one}}
      "2": {options: {answer: two}}
"""


def reload(client, folder, text):
    """Change the settings of a running service."""
    state = client.app.state
    settings = read(folder, text)
    client.portal.call(change, state.models, state.settings, settings)


def versions(client):
    return {v["version"]: v["share"] for v in client.get("/models").json()[0]["versions"]}


def test_rollback_loads_nothing(tmp_path):
    with serve(tmp_path, CONFIG) as client:
        loaded = [*Trial.loaded]
        reload(client, tmp_path, CONFIG.replace('serve: "1"', 'serve: "2"'))
        assert predict(client) == ("2", "two")
        assert loaded == Trial.loaded
        assert client.get("/ready").json()["models"] == {"trial": "2"}


def test_changed_version_is_loaded_anew_and_the_others_are_not(tmp_path):
    with serve(tmp_path, CONFIG) as client:
        kept = next(trial for trial in Trial.loaded if trial.options.answer == "two")
        reload(client, tmp_path, CONFIG.replace("answer: one", "answer: other"))
        before = client.get("/metrics").text
        assert predict(client) == ("1", "other")
        count = 'inference_duration_seconds_count{model="trial",version="1"} '
        assert f"{count}0.0" in before
        assert f"{count}1.0" in client.get("/metrics").text
        assert kept in Trial.loaded
        until(lambda: len(Trial.loaded) == 2)


def test_new_version_is_loaded_and_a_removed_one_unloaded(tmp_path):
    with serve(tmp_path, CONFIG) as client:
        text = CONFIG.replace('"1": {options: {answer: one}}', '"3": {options: {answer: three}}')
        reload(client, tmp_path, text.replace('serve: "1"', 'shares: {"2": 1, "3": 3}'))
        assert versions(client) == {"2": 0.25, "3": 0.75}
        assert {predict(client) for _ in range(60)} == {("2", "two"), ("3", "three")}
        assert {trial.options.answer for trial in Trial.loaded} == {"two", "three"}
        metrics = client.get("/metrics").text
        assert 'model_share{model="trial",version="3"} 0.75' in metrics


def test_version_that_was_unloaded_is_loaded_before_it_gets_traffic(tmp_path):
    with serve(tmp_path, CONFIG) as client:
        version = client.app.state.inference_service.of_version["2"]
        client.portal.call(version.unload)
        reload(client, tmp_path, CONFIG.replace('serve: "1"', 'serve: "2"'))
        assert predict(client) == ("2", "two")


def test_version_that_cannot_be_loaded_leaves_the_traffic(tmp_path, log):
    with serve(tmp_path, CONFIG) as client:
        text = CONFIG.replace('serve: "1"', 'serve: "3"')
        reload(client, tmp_path, f'{text}      "3": {{options: {{fails: true}}}}\n')
        assert predict(client) == ("1", "one")
        assert versions(client) == {"1": 1, "2": 0}
        assert "The traffic of trial stays as it is" in log.getvalue()


def test_header_and_shadow_change(tmp_path):
    with serve(tmp_path, CONFIG) as client:
        text = CONFIG.replace(
            'serve: "1"',
            'shares: {"1": 1, "2": 1}\n    sticky_header: X-User\n    shadow: {"2": 1}',
        )
        reload(client, tmp_path, text)
        assert len({predict(client, **{"X-User": "anna"}) for _ in range(20)}) == 1
        assert client.get("/models").json()[0]["versions"][1]["shadow"] == 1


def test_what_needs_a_restart_is_logged(tmp_path, log):
    with serve(tmp_path, CONFIG) as client:
        text = CONFIG.replace("models:", "api_port: 1\nmodels:\n  new: {}").replace(
            "model: {", "model: {name: trial, "
        )
        reload(client, tmp_path, text)
        assert "Needs a restart: api_port" in log.getvalue()
        assert "Needs a restart: new" in log.getvalue()
        default = text.replace("name: trial", "name: new")
        reload(client, tmp_path, default)
        assert "Needs a restart: model.name" in log.getvalue()
        assert predict(client) == ("1", "one")


def test_wrong_settings_change_nothing(tmp_path):
    with serve(tmp_path, CONFIG) as client:
        with pytest.raises(ConfigError, match="did you mean"):
            reload(client, tmp_path, CONFIG.replace("serve", "srve"))
        assert predict(client) == ("1", "one")


def test_single_model_can_be_changed_too(tmp_path):
    text = "model: {implementation: 'trials:Trial', options: {answer: one}}"
    with serve(tmp_path, text) as client:
        reload(client, tmp_path, text.replace("one", "two"))
        assert predict(client) == ("0", "two")


def test_signal_reloads(tmp_path, monkeypatch, log):
    texts = [CONFIG.replace('serve: "1"', 'serve: "2"'), "nonsense: 1", CONFIG]
    monkeypatch.setattr(reloading, "load_config", lambda: read(tmp_path, texts.pop(0)))
    with serve(tmp_path, CONFIG) as client:
        reloader = client.portal.call(create_reloader, client.app.state)
        client.portal.call(reloader.reload)
        until(lambda: predict(client) == ("2", "two"))
        client.portal.call(reloader.reload)
        until(lambda: "Nothing has changed" in log.getvalue())
        monkeypatch.setattr(reloading, "change", fail)
        client.portal.call(reloader.reload)
        until(lambda: "Cannot change what is served" in log.getvalue())
        assert predict(client) == ("2", "two")
        client.portal.call(reloader.stop)


async def create_reloader(state):
    return reloading.Reloader(state)


async def fail(*_):
    raise OSError


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="this system has no SIGHUP")
def test_server_listens_to_the_signal_and_a_test_client_does_not(tmp_path, monkeypatch):
    monkeypatch.setattr(reloading, "running_server", object)
    reloaded = []

    async def enter() -> None:
        app: Any = SimpleNamespace(state=SimpleNamespace(settings=read(tmp_path, CONFIG)))
        monkeypatch.setattr(reloading.Reloader, "reload", lambda _: reloaded.append(1))
        async with reloading.lifespan(app):
            os.kill(os.getpid(), signal.SIGHUP)
            while not reloaded:
                await asyncio.sleep(0.01)

    asyncio.run(enter())
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_DFL


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="this system has no SIGHUP")
def test_signal_before_the_app_is_there_is_heeded_at_its_start(tmp_path, monkeypatch):
    monkeypatch.setattr(reloading, "running_server", object)
    monkeypatch.setattr(reloading, "asked", threading.Event())
    monkeypatch.setattr(reloading.Reloader, "reload", lambda _: reloaded.append(1))
    settings, reloaded = read(tmp_path, CONFIG), []
    assert reloading.server_options(settings) == {}
    try:
        os.kill(os.getpid(), signal.SIGHUP)
        until(reloading.asked.is_set)
        app: Any = SimpleNamespace(state=SimpleNamespace(settings=settings))
        asyncio.run(enter(app))
    finally:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    assert reloaded == [1]


async def enter(app):
    async with reloading.lifespan(app):
        pass


def test_development_server_ends_with_its_terminal(tmp_path):
    assert reloading.server_options(read(tmp_path, f"{CONFIG}\ndebug: true")) == {}
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_DFL


def test_artifact_that_has_changed_is_loaded_anew(tmp_path):
    tags = {"one": "1", "two": "1"}
    with serve(tmp_path, f"{CONFIG}\nrepository: {{poll_s: 0.02}}") as client:
        for version in client.app.state.inference_service.of_version.values():
            answer = version.service.runner.model.options.answer
            version.service.runner.source_tag = lambda answer=answer: tags[answer]
            version._tag = "1"
            version.create = follow(version.create, tags)
        old = [*Trial.loaded]
        tags["two"] = "2"
        until(lambda: len([trial for trial in old if trial in Trial.loaded]) == 1)
        assert [t.options.answer for t in old if t in Trial.loaded] == ["one"]
        assert predict(client) == ("1", "one")


def follow(create, tags):
    def create_with_tag(settings):
        service = create(settings)
        answer = service.runner.model.options.answer
        service.runner.source_tag = lambda: tags[answer]
        return service

    return create_with_tag


def test_source_that_is_down_changes_nothing(tmp_path, log):
    def fail_to_look():
        raise ServiceError("the store does not respond")

    with serve(tmp_path, f"{CONFIG}\nrepository: {{poll_s: 1000}}") as client:
        version = client.app.state.inference_service.of_version["1"]
        version.service.runner.source_tag = fail_to_look
        loaded = [*Trial.loaded]
        client.portal.call(version.load_if_moved)
        assert loaded == Trial.loaded
        assert "Cannot look at the artifact of trial: the store does not respond" in log.getvalue()


def test_settings_are_read_from_the_same_files(tmp_path):
    write(tmp_path, CONFIG)
    assert read(tmp_path, CONFIG).models.model_extra.keys() == {"trial"}
