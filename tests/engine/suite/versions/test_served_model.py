"""One version for each request, loading beside the old one, unloading when nothing uses it."""

import asyncio
import ctypes
import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest

from src.app import create_app
from src.core.errors import ConfigError, ServiceError, UnknownModelError
from src.services.versions import retirement
from src.services.versions.leases import Lease, current_lease, users
from src.services.versions.version import LOADING, UNLOADING
from tests.conftest import until
from tests.engine.suite.versions.trials import Trial, predict, read, serve

ONE = "model: {implementation: 'trials:Trial', options: {answer: one}, cache_size: 0}"
TWO = """
model: {implementation: "trials:Trial", cache_size: 0}
models:
  trial:
    serve: "1"
    sticky_header: X-User
    versions:
      "1": {options: {answer: one}}
      "2": {options: {answer: two}}
repository: {control: explicit, drain_s: 0.05}
"""
SHARED = TWO.replace('serve: "1"', "shares: {'1': 1, '2': 1}")


def model_of(client):
    return client.app.state.inference_service


def run(client, call, *arguments):
    """Run a coroutine function on the event loop of the service."""
    return client.portal.call(call, *arguments)


def test_version_that_serves_responds_at_each_route_of_its_model(tmp_path):
    with serve(tmp_path, TWO) as client:
        assert predict(client) == ("1", "one")
        assert predict(client, path="/models/trial/predict") == ("1", "one")
        batch = client.post("/predict/batch", json={"inputs": ["a", "b"]})
        assert batch.json() == {"predictions": ["one", "one"]}
        assert client.get("/ready").json()["models"] == {"trial": "1"}


def test_one_request_has_one_version_and_another_may_have_the_other(tmp_path):
    with serve(tmp_path, SHARED) as client:
        for _ in range(40):
            response = client.post("/predict/batch", json={"inputs": ["a"] * 9})
            expected = {"1": "one", "2": "two"}[response.headers["x-model-version"]]
            assert {*response.json()["predictions"]} == {expected}
        assert {predict(client)[0] for _ in range(60)} == {"1", "2"}


def test_same_user_gets_the_same_version(tmp_path):
    with serve(tmp_path, SHARED) as client:
        found = [
            {predict(client, **{"X-User": f"user {n}"})[0] for _ in range(5)} for n in range(30)
        ]
        assert all(len(versions) == 1 for versions in found)
        assert {*map(tuple, found)} == {("1",), ("2",)}
        assert predict(client, **{"X-User": "u" * 5000})[1] in {"one", "two"}


def test_ready_means_that_each_version_with_a_share_is_loaded(tmp_path):
    app = create_app(read(tmp_path, SHARED))
    model = app.state.inference_service

    async def start() -> None:
        one, two = model.of_version.values()
        assert not model.ready
        await one.load()
        assert not model.ready
        await two.load()
        assert model.ready
        model.stop()

    asyncio.run(start())


def test_version_without_a_share_may_fail_and_one_with_a_share_ends_the_start(tmp_path):
    broken = TWO.replace("answer: two", "answer: two, fails: true")
    with serve(tmp_path, broken) as client:
        assert predict(client) == ("1", "one")
        versions = client.get("/models").json()[0]["versions"]
        assert [(v["state"], v["reason"]) for v in versions] == [
            ("READY", ""),
            ("UNAVAILABLE", "the disk is full"),
        ]
    with serve(tmp_path, broken.replace('serve: "1"', 'serve: "2"')) as client:
        assert "the disk is full" in str(client.app.state.failures[0])


def test_versions_with_other_types_end_the_start(tmp_path):
    text = TWO.replace('"2": {', '"2": {implementation: "trials:Numbers", ')
    with pytest.raises(ConfigError, match=r"models.trial.versions: the types of 2 are not those"):
        create_app(read(tmp_path, text))


def test_load_replaces_a_version_and_unloads_the_old_one(tmp_path):
    with serve(tmp_path, ONE) as client:
        (old,) = Trial.loaded
        run(client, model_of(client).of_version["0"].load)
        assert predict(client) == ("0", "one")
        until(lambda: old not in Trial.loaded)
        assert len(Trial.loaded) == 1
        assert not vars(old), "what it holds is dropped, whatever refers to it"


def test_old_model_is_freed(tmp_path):
    with serve(tmp_path, ONE) as client:
        model = weakref.ref(Trial.loaded[0])
        service = weakref.ref(model_of(client).of_version["0"].service)
        run(client, model_of(client).of_version["0"].load)
        until(lambda: len(Trial.loaded) == 1)

        def is_gone() -> bool:
            gc.collect()
            return model() is None and service() is None

        until(is_gone)
        assert not users


def test_request_of_before_the_swap_keeps_its_version(tmp_path):
    with serve(tmp_path, ONE) as client:
        version = model_of(client).of_version["0"]
        (old,) = Trial.loaded
        old.options = old.options.model_copy(update={"hangs": "before"})
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(predict, client)
            until(lambda: "before" in Trial.events)
            run(client, version.load)
            assert predict(client) == ("0", "one")
            assert old in Trial.loaded, "it is in use"
            Trial.events["before"].set()
            assert waiting.result() == ("0", "one")
        until(lambda: old not in Trial.loaded)


def test_call_that_ran_out_of_time_keeps_the_old_version_and_warns(tmp_path, log):
    text = f"{ONE}\nservice: {{timeout: 0.1}}\nrepository: {{drain_s: 0.05}}"
    with serve(tmp_path, text) as client:
        (old,) = Trial.loaded
        old.options = old.options.model_copy(update={"hangs": "late"})
        assert client.post("/predict", json={"input": "x"}).status_code == 504
        run(client, model_of(client).of_version["0"].load)
        assert predict(client) == ("0", "one"), "the swap does not wait"
        until(lambda: "trial 0 stays in memory: it is still in use after 0.05 s" in log.getvalue())
        assert old in Trial.loaded
        Trial.events["late"].set()
        until(lambda: old not in Trial.loaded)


def test_stream_that_is_open_keeps_its_version_to_its_end(tmp_path):
    with serve(tmp_path, ONE) as client:
        (old,) = Trial.loaded
        with ThreadPoolExecutor(1) as pool:
            body = {"input": "3"}
            stream = pool.submit(client.post, "/predict/stream", json=body)
            until(lambda: "stream" in Trial.events)
            run(client, model_of(client).of_version["0"].load)
            assert old in Trial.loaded
            Trial.events["stream"].set()
            assert stream.result().text.count('data: {"prediction":"one"}') == 3
        until(lambda: old not in Trial.loaded)


def test_new_one_that_cannot_be_loaded_leaves_the_old_one(tmp_path, log):
    with serve(tmp_path, ONE) as client:
        version = model_of(client).of_version["0"]
        broken = read(tmp_path, ONE.replace("answer: one", "answer: one, fails: true"))
        with pytest.raises(OSError, match="the disk is full"):
            run(client, version.load, broken)
        assert predict(client) == ("0", "one")
        assert client.get("/ready").status_code == 200
        assert "Cannot load trial 0: the disk is full" in log.getvalue()
        run(client, version.load)
        assert predict(client) == ("0", "one")


def test_load_of_other_types_is_rejected(tmp_path):
    with serve(tmp_path, ONE) as client:
        version = model_of(client).of_version["0"]
        with pytest.raises(ConfigError, match="needs another name"):
            run(client, version.load, read(tmp_path, ONE.replace("Trial", "Numbers")))
        assert predict(client) == ("0", "one")


def test_loads_at_the_same_time_are_in_turn(tmp_path):
    with serve(tmp_path, ONE) as client:
        version = model_of(client).of_version["0"]

        async def both() -> None:
            await asyncio.gather(version.load(), version.load(), version.unload(), version.load())

        run(client, both)
        assert predict(client) == ("0", "one")
        until(lambda: len(Trial.loaded) == 1)


def test_cancelled_caller_does_not_end_a_load(tmp_path):
    with serve(tmp_path, ONE) as client:
        version = model_of(client).of_version["0"]
        (old,) = Trial.loaded

        async def cancel() -> None:
            task = asyncio.create_task(version.load())
            await asyncio.sleep(0)
            task.cancel()

        run(client, cancel)
        until(lambda: old not in Trial.loaded)
        assert predict(client) == ("0", "one")


def test_unloaded_version_is_unknown_and_can_be_loaded_again(tmp_path):
    with serve(tmp_path, TWO) as client:
        version = model_of(client).of_version["2"]
        run(client, version.unload)
        run(client, version.unload)
        with pytest.raises(UnknownModelError, match="The model trial, version 2, is unloaded"):
            version.open()
        assert [trial.options.answer for trial in Trial.loaded] == ["one"]
        assert client.get("/ready").status_code == 200
        run(client, version.load)
        assert version.open().version == "2"


def test_unload_that_waits_for_a_call_does_not_delay_a_load(tmp_path):
    with serve(tmp_path, f"{ONE}\nservice: {{timeout: 0.1}}") as client:
        version = model_of(client).of_version["0"]
        (old,) = Trial.loaded
        old.options = old.options.model_copy(update={"hangs": "late"})
        assert client.post("/predict", json={"input": "x"}).status_code == 504
        with ThreadPoolExecutor(2) as pool:
            unloading = [pool.submit(run, client, version.unload) for _ in range(2)]
            until(lambda: version.absence[0] == UNLOADING)
            run(client, version.load)
            assert predict(client) == ("0", "one")
            Trial.events["late"].set()
            assert [task.result() for task in unloading] == [None, None]
        until(lambda: old not in Trial.loaded)
        assert predict(client) == ("0", "one")


def test_version_that_unloads_is_unknown_and_not_ready_while_it_is_loaded_anew(
    tmp_path, monkeypatch
):
    """A model that is still in memory, for a call that ran out of time, takes no new requests."""
    with (
        serve(tmp_path, f"{ONE}\nservice: {{timeout: 0.1}}") as client,
        ThreadPoolExecutor(2) as pool,
    ):
        version = model_of(client).of_version["0"]
        (old,) = Trial.loaded
        old.options = old.options.model_copy(update={"hangs": "late"})
        assert client.post("/predict", json={"input": "x"}).status_code == 504
        unloading = pool.submit(run, client, version.unload)
        until(lambda: version.absence[0] == UNLOADING)
        assert client.post("/predict", json={"input": "x"}).status_code == 404
        load, may_load = Trial.load, threading.Event()
        monkeypatch.setattr(Trial, "load", lambda self: may_load.wait(60) and load(self))
        loading = pool.submit(run, client, version.load)
        until(lambda: version.absence[0] == LOADING)
        for old_is_in_use in (True, False):
            response = client.post("/predict", json={"input": "x"})
            assert (response.status_code, client.get("/ready").status_code) == (503, 503)
            assert states(client) == {"LOADING"}
            if old_is_in_use:
                Trial.events["late"].set()
                unloading.result()
        may_load.set()
        loading.result()
        assert predict(client) == ("0", "one")
        assert states(client) == {"READY"}


def states(client):
    """Return the states in the protocol's index and at `/models`."""
    index = client.post("/v2/repository/index").json()
    (model,) = client.get("/models").json()
    return {entry["state"] for entry in [*index, *model["versions"]]}


def test_code_outside_of_a_request_predicts_with_the_version_of_that_moment(tmp_path):
    with serve(tmp_path, TWO) as client:
        model = model_of(client)
        assert run(client, model.predict, "x") == "one"
        assert run(client, model.predict_many, ["x", "y"]) == ["one", "one"]
        assert not users


def test_version_without_a_share_that_cannot_be_loaded_does_not_end_the_start(tmp_path, log):
    with serve(tmp_path, TWO.replace("answer: two", "answer: two, fails: true")) as client:
        assert not client.app.state.failures
        assert predict(client) == ("1", "one")
    assert "Cannot load trial 2: the disk is full" in log.getvalue()


def test_check_of_a_model_counts_for_each_of_its_versions(tmp_path):
    with serve(tmp_path, TWO) as client:
        assert client.get("/v2/models/trial/versions/2/ready").status_code == 200
        model_of(client).checks.append(lambda: False)
        assert client.get("/v2/models/trial/versions/2/ready").status_code == 503
        assert client.get("/v2/models/trial/versions/2").status_code == 200, "it can be described"
        assert states(client) == {"UNAVAILABLE"}, "in the list and in the index"


def test_version_that_is_not_ready_is_not_listed_as_ready(tmp_path):
    with serve(tmp_path, TWO) as client:
        model_of(client).of_version["2"].service.checks.append(lambda: False)
        index = client.post("/v2/repository/index").json()
        (model,) = client.get("/models").json()
        for entries in (index, model["versions"]):
            states = {entry["version"]: entry["state"] for entry in entries}
            assert states == {"1": "READY", "2": "UNAVAILABLE"}


def test_model_whose_warm_up_fails_is_unloaded(tmp_path, monkeypatch):
    with serve(tmp_path, TWO) as client:
        loaded = [*Trial.loaded]
        monkeypatch.setattr(Trial, "example", "fail")
        with pytest.raises(ValueError, match="one"):
            run(client, model_of(client).of_version["1"].load)
        until(lambda: loaded == Trial.loaded)
        assert predict(client) == ("1", "one")


def test_tag_is_that_of_what_was_loaded(tmp_path, monkeypatch):
    """A source that changes while the model loads is loaded anew by the next look."""
    with serve(tmp_path, f"{ONE}\nrepository: {{poll_s: 1000}}") as client:
        version, source = model_of(client).of_version["0"], ["1"]
        create, load = version.create, Trial.load

        def create_with_tag(settings):
            service = create(settings)
            service.runner.source_tag = lambda: source[0]
            return service

        def load_while_it_changes(self):
            load(self)
            source[0] = "2"

        version.create = create_with_tag
        monkeypatch.setattr(Trial, "load", load_while_it_changes)
        run(client, version.load)
        before = version.service
        run(client, version.load_if_moved)
        assert version.service is not before
        before = version.service
        run(client, version.load_if_moved)
        assert version.service is before


def test_source_that_failed_is_tried_again_only_when_it_has_moved(tmp_path, monkeypatch, log):
    with serve(tmp_path, f"{ONE}\nrepository: {{poll_s: 1000}}") as client:
        version, source, tries = model_of(client).of_version["0"], ["1"], []

        def fail(_):
            tries.append(source[0])
            raise errors.pop(0)

        def create(settings, create=version.create):
            service = create(settings)
            service.runner.source_tag = lambda: source[0]
            return service

        def look():
            with suppress(ServiceError, ValueError):
                run(client, version.load_if_moved)

        version.create = create
        run(client, version.load)
        monkeypatch.setattr(Trial, "load", fail)
        for number, error in enumerate([ValueError("bytes"), ConfigError("bytes")], 2):
            source[0], errors = f"{number}", [error]
            look()
            look()
        assert tries == ["2", "3"]
        source[0], errors = "4", [ServiceError("the store is down"), ValueError("bytes")]
        for _ in range(3):
            look()
        assert tries == ["2", "3", "4", "4"]
        assert log.getvalue().count("Cannot load trial 0: bytes") == 3
        monkeypatch.undo()
        source[0] = "5"
        look()
        assert predict(client) == ("0", "one")


def test_unload_that_takes_long_delays_no_request(tmp_path, monkeypatch):
    with serve(tmp_path, ONE) as client:
        unload, may_unload = Trial.unload, threading.Event()
        monkeypatch.setattr(Trial, "unload", lambda self: may_unload.wait(60) and unload(self))
        (old,) = Trial.loaded
        run(client, model_of(client).of_version["0"].load)
        assert predict(client) == ("0", "one")
        assert old in Trial.loaded
        may_unload.set()
        until(lambda: old not in Trial.loaded)


def test_all_versions_are_unloaded_at_the_end_though_one_fails(tmp_path, monkeypatch, log):
    unloaded: list[str] = []

    def unload(self):
        unloaded.append(self.options.answer)
        if self.options.answer == "one":
            raise OSError("the device is gone")

    with serve(tmp_path, TWO):
        monkeypatch.setattr(Trial, "unload", unload)
    assert {*unloaded} == {"one", "two"}
    assert "Error while unloading trial 1" in log.getvalue()


def test_lease_that_is_over_chooses_nothing(tmp_path):
    with serve(tmp_path, TWO) as client:
        model = model_of(client)

        async def late() -> None:
            lease = Lease({})
            token = current_lease.set(lease)
            model.pick()
            assert users
            lease.end()
            assert model.pick().version == "1"
            assert not users
            current_lease.set(over := Lease({}))
            over.end()
            assert model.pick().version == "1"
            assert not users, "a lease that is over uses nothing"
            current_lease.reset(token)

        run(client, late)


def test_error_while_unloading_is_logged(tmp_path, log, monkeypatch):
    def fail(_):
        raise OSError("no such handle")

    with serve(tmp_path, ONE) as client:
        (old,) = Trial.loaded
        monkeypatch.setattr(Trial, "unload", fail)
        run(client, model_of(client).of_version["0"].load)
        until(lambda: not vars(old))
        monkeypatch.undo()
        Trial.loaded.remove(old)
    assert "Error while unloading trial 0" in log.getvalue()


def test_memory_is_given_back_where_the_system_can_do_it(monkeypatch):
    calls: list[object] = []

    class Library:
        malloc_trim = calls.append

    monkeypatch.setattr(ctypes, "CDLL", lambda _: Library)
    monkeypatch.setattr(gc, "freeze", lambda: calls.append("freeze"))
    monkeypatch.setattr(gc, "get_freeze_count", lambda: 1)
    service: Any = SimpleNamespace(runner=SimpleNamespace(model=Trial()))
    retirement._free(service)
    assert calls == ["freeze", 0]
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    retirement._free(service)


def test_hanging_shutdown_of_threads_does_not_keep_the_loop():
    pool, event = ThreadPoolExecutor(1), threading.Event()
    pool.submit(event.wait, 60)

    async def wait() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await retirement._in_thread(pool.shutdown)

    asyncio.run(wait())
    event.set()
    until(lambda: not [t for t in threading.enumerate() if t.name == "retirement"])
