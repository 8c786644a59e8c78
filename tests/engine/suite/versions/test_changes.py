"""Other settings, or another artifact, without a restart."""

import asyncio
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from src.core.errors import ConfigError, ServiceError
from src.services.versions.changes import Change
from src.services.versions.version import UNLOADING
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
    """Change the settings of a running service; return whether all could be loaded."""
    state = client.app.state
    settings = read(folder, text)

    async def change() -> bool:
        change = Change(state.models, state.settings, settings)
        await change.apply()
        return change.is_complete

    return client.portal.call(change)


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
        assert not reload(client, tmp_path, f'{text}      "3": {{options: {{fails: true}}}}\n')
        assert predict(client) == ("1", "one")
        assert versions(client) == {"1": 1, "2": 0, "3": 0}
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
        assert "Needs a restart: models.new" in log.getvalue()
        default = text.replace("name: trial", "name: new")
        reload(client, tmp_path, default)
        assert "Needs a restart: model.name" in log.getvalue()
        assert predict(client) == ("1", "one")


def test_section_models_that_is_new_or_gone_changes_nothing_else(tmp_path, log):
    with serve(tmp_path, CONFIG) as client:
        assert reload(client, tmp_path, "model: {implementation: 'trials:Trial', version: '7'}")
        assert [line.partition(" - WARNING - ")[2] for line in log.getvalue().splitlines()].count(
            "Needs a restart: models"
        ) == 1
        assert versions(client) == {"1": 1, "2": 0}
        assert predict(client) == ("1", "one")


def test_versions_keep_the_other_settings_of_the_start(tmp_path, log):
    with serve(tmp_path, CONFIG) as client:
        text = CONFIG.replace("answer: two", "answer: new") + "service: {timeout: 3}\n"
        for _ in range(2):
            log.truncate(0)
            reload(client, tmp_path, text)
            assert "Needs a restart: service" in log.getvalue(), "each time"
        version = client.app.state.inference_service.of_version["2"]
        assert version.service.runner.model.options.answer == "new"
        assert version.settings.service == client.app.state.settings.service


def test_name_of_the_only_model_needs_a_restart_and_its_version_is_served(tmp_path, log):
    text = "model: {implementation: 'trials:Trial', name: a, version: '1'}"
    with serve(tmp_path, text) as client:
        reload(client, tmp_path, text.replace("name: a", "name: b").replace("'1'", "'2'"))
        assert "Needs a restart: model.name" in log.getvalue()
        assert "Lists and paths have a 1 until a restart" in log.getvalue()
        response = client.post("/predict", json={"input": "x"})
        assert response.headers["x-model-name"] == "a"
        assert response.headers["x-model-version"] == "2"
        metrics = client.get("/metrics").text
        assert 'model_share{model="a",version="1"} 0.0' in metrics
        assert 'model_share{model="a",version="2"} 1.0' in metrics


def test_class_of_another_name_needs_a_restart(tmp_path, log):
    text = "model: {implementation: 'trials:Trial'}"
    with serve(tmp_path, text) as client:
        assert not reload(client, tmp_path, text.replace("Trial'", "Numbers'"))
        assert "the types of 0 are not those of 0" in log.getvalue()
        assert not reload(client, tmp_path, text.replace("Trial'", "Renamed'"))
        assert "renamed instead of trial needs a restart" in log.getvalue()
        assert predict(client) == ("0", "none")


def test_candidate_that_cannot_be_loaded_does_not_stop_a_rollback(tmp_path, log):
    broken = f'{CONFIG}      "3": {{options: {{fails: true}}}}\n'
    with serve(tmp_path, CONFIG) as client:
        assert not reload(client, tmp_path, broken.replace('serve: "1"', 'serve: "2"'))
        assert predict(client) == ("2", "two")
        assert versions(client) == {"1": 0, "2": 1, "3": 0}
        assert "Cannot load trial 3: the disk is full" in log.getvalue()
        assert not reload(client, tmp_path, broken.replace("fails: true", "nonsense: 1"))
        assert predict(client) == ("1", "one")


def test_version_of_other_types_is_not_added(tmp_path, log):
    with serve(tmp_path, CONFIG) as client:
        other = f'{CONFIG}      "3": {{implementation: "trials:Numbers"}}\n'
        assert not reload(client, tmp_path, other)
        assert "Cannot add trial 3: Configuration error" in log.getvalue()
        assert versions(client) == {"1": 1, "2": 0}


def test_version_that_is_being_unloaded_is_loaded_before_it_gets_traffic(tmp_path):
    with (
        serve(tmp_path, f"{CONFIG}service: {{timeout: 0.1}}\n") as client,
        ThreadPoolExecutor(1) as pool,
    ):
        version = client.app.state.inference_service.of_version["2"]
        (held,) = [trial for trial in Trial.loaded if trial.options.answer == "two"]
        held.options = held.options.model_copy(update={"hangs": "late"})
        infer(client, "2")
        unloading = pool.submit(client.portal.call, version.unload)
        until(lambda: version.absence[0] == UNLOADING)
        assert client.get("/ready").status_code == 200
        reload(client, tmp_path, CONFIG.replace('serve: "1"', 'serve: "2"'))
        assert predict(client) == ("2", "two")
        Trial.events["late"].set()
        unloading.result()
        assert predict(client) == ("2", "two")


def test_version_that_is_gone_and_whose_call_hangs_does_not_hold_the_next_change(tmp_path):
    with serve(tmp_path, f"{CONFIG}service: {{timeout: 0.1}}\n") as client:
        (held,) = [trial for trial in Trial.loaded if trial.options.answer == "two"]
        held.options = held.options.model_copy(update={"hangs": "late"})
        infer(client, "2")
        assert reload(client, tmp_path, CONFIG.partition('      "2"')[0])
        assert versions(client) == {"1": 1}
        assert infer(client, "2") == 404
        assert reload(client, tmp_path, CONFIG)
        assert infer(client, "2") == 200, "its path is there again"
        assert held in Trial.loaded
        Trial.events["late"].set()
        until(lambda: held not in Trial.loaded)


def infer(client, version):
    """Predict with a version at its own path; return the status."""
    text = {"name": "input", "datatype": "BYTES", "shape": [1], "data": ["x"]}
    path = f"/v2/models/trial/versions/{version}/infer"
    return client.post(path, json={"inputs": [text]}).status_code


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
    broken = f'{CONFIG}      "3": {{options: {{fails: true}}}}\n'.replace(
        'serve: "1"', 'serve: "2"'
    )
    texts = [CONFIG.replace('serve: "1"', 'serve: "2"'), "nonsense: 1", CONFIG, broken]
    monkeypatch.setattr(reloading, "load_config", lambda: read(tmp_path, texts.pop(0)))
    with serve(tmp_path, CONFIG) as client:
        reloader = client.portal.call(create_reloader, client.app.state)
        client.portal.call(reloader.reload)
        until(lambda: predict(client) == ("2", "two"))
        client.portal.call(reloader.reload)
        until(lambda: "Nothing has changed" in log.getvalue())
        with monkeypatch.context() as patch:
            patch.setattr(Change, "apply", fail)
            client.portal.call(reloader.reload)
            until(lambda: "Cannot change what is served" in log.getvalue())
        client.portal.call(reloader.reload)
        until(lambda: "Reloaded the settings in part" in log.getvalue())
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
    monkeypatch.setattr(reloading, "requested", threading.Event())
    reloaded: list[int] = []
    monkeypatch.setattr(reloading.Reloader, "reload", lambda _: reloaded.append(1))
    settings = read(tmp_path, CONFIG)
    assert reloading.server_options(settings) == {}
    try:
        os.kill(os.getpid(), signal.SIGHUP)
        until(reloading.requested.is_set)
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
