"""Shadows: they predict after the response, change none, and are compared in metrics."""

import asyncio
import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from src.services.observer import Observer
from src.services.versions import shadow
from src.services.versions.leases import Lease, current_lease
from tests.conftest import until
from tests.engine.suite.versions.trials import Trial, predict, serve

CONFIG = """
model: {implementation: "trials:Trial", cache_size: 0}
service: {timeout: 0.3}
models:
  trial:
    serve: "1"
    shadow: {"2": 1}
    versions:
      "1": {options: {answer: one}}
      "2": {options: {answer: two}}
"""


class Counts(Observer):
    def __init__(self) -> None:
        self.results: Counter[str] = Counter()

    def on_shadow(self, result):
        self.results[result] += 1


def watch(client):
    """Count the events of the shadow."""
    counts = Counts()
    client.app.state.inference_service.of_version["2"].service.observer = counts
    return counts.results


@pytest.mark.parametrize(
    ("options", "text", "result"),
    [("answer: one", "x", "same"), ("answer: two", "x", "different")],
)
def test_shadow_predicts_too_and_is_compared(tmp_path, log, options, text, result):
    with serve(tmp_path, CONFIG.replace("answer: two", options)) as client:
        results = watch(client)
        Trial.calls.clear()
        assert predict(client, text) == ("1", "one")
        batch = client.post("/predict/batch", json={"inputs": ["a", "b"]}).json()
        assert batch == {"predictions": ["one", "one"]}
        until(lambda: results == {result: 3})
        assert len(Trial.calls) == 6
    lines = [line for line in log.getvalue().splitlines() if "model=trial@2" in line]
    of_results = [line for line in lines if "Shadow differs: two request_id=" in line]
    assert len(of_results) == (3 if result == "different" else 0)
    assert not any("Making prediction" in line for line in lines)


@pytest.mark.parametrize(
    ("serves", "warns"),
    [('serve: "1"', False), ('serve: "2"', True), ('shares: {"1": 1, "2": 1}', True)],
)
def test_shadow_with_a_share_is_a_warning(tmp_path, log, serves, warns):
    with serve(tmp_path, CONFIG.replace('serve: "1"', serves)):
        warning = "WARNING - The shadow 2 of trial has a share, so it predicts unseen only for"
        assert (warning in log.getvalue()) is warns


def test_shadow_predicts_when_the_response_has_been_sent(tmp_path):
    with serve(tmp_path, CONFIG) as client:
        results, model = watch(client), client.app.state.inference_service

        async def respond() -> None:
            lease = Lease({})
            current_lease.set(lease)
            assert await model.predict("x") == "one"
            for _ in range(5):
                await asyncio.sleep(0)
            assert not model.shadowing._running
            lease.end()
            assert len(model.shadowing._running) == 1

        client.portal.call(respond)
        until(lambda: results == {"different": 1})


def test_shadow_that_raises_changes_no_response(tmp_path, monkeypatch, log):
    def fail(self, text):
        if self.options.answer == "two":
            raise ValueError(text)
        return predicted(self, text)

    predicted = Trial.predict
    with serve(tmp_path, CONFIG) as client:
        results = watch(client)
        monkeypatch.setattr(Trial, "predict", fail)
        assert predict(client) == ("1", "one")
        until(lambda: results == {"failed": 1})
    assert "Error during prediction: ValueError('x')" in log.getvalue()


def test_shadow_that_hangs_delays_nothing_and_more_of_them_are_dropped(tmp_path, monkeypatch):
    monkeypatch.setattr(shadow, "MOST", 2)
    with serve(tmp_path, CONFIG) as client:
        results = watch(client)
        for trial in Trial.loaded:
            if trial.options.answer == "two":
                trial.options = trial.options.model_copy(update={"hangs": "shadow"})
        started = time.monotonic()
        for _ in range(5):
            assert predict(client) == ("1", "one")
        assert time.monotonic() - started < 5, "one that waits for the shadow takes 60 s"
        assert results["dropped"] == 3
        until(lambda: results == {"dropped": 3, "failed": 2})


def test_shadows_do_not_follow_one_another(tmp_path):
    third = '"2": {options: {answer: two}}\n      "3": {options: {answer: three}}'
    text = CONFIG.replace('shadow: {"2": 1}', 'shadow: {"2": 1, "3": 1}')
    with serve(tmp_path, text.replace('"2": {options: {answer: two}}', third)) as client:
        results = watch(client)
        Trial.calls.clear()
        for _ in range(5):
            predict(client)
        until(lambda: results == {"different": 5})
        until(lambda: len(Trial.calls) == 15)


def test_shadow_that_is_removed_meanwhile_is_left_out(tmp_path):
    with serve(tmp_path, CONFIG) as client:
        model = client.app.state.inference_service
        model.of_version.pop("2")
        assert predict(client) == ("1", "one")
        assert client.get("/health").status_code == 200


def test_part_of_the_requests_is_by_chance(tmp_path, monkeypatch):
    draws = iter([0.2, 0.3, 0.1, 0.9])
    monkeypatch.setattr(random, "random", lambda: next(draws))
    with serve(tmp_path, CONFIG.replace('shadow: {"2": 1}', 'shadow: {"2": 0.25}')) as client:
        results = watch(client)
        for _ in range(4):
            predict(client)
        until(lambda: results == {"different": 2})


def test_shadow_does_not_follow_itself_and_an_unloaded_one_is_dropped(tmp_path):
    text = CONFIG.replace('serve: "1"', 'shares: {"2": 1}')
    with serve(tmp_path, text) as client:
        results = watch(client)
        assert predict(client) == ("2", "two")
        assert not results
    with serve(tmp_path, CONFIG) as client:
        results = watch(client)
        version = client.app.state.inference_service.of_version["2"]
        client.portal.call(version.unload)
        assert predict(client) == ("1", "one")
        until(lambda: results == {"dropped": 1})


def test_code_outside_of_a_request_is_followed_too(tmp_path):
    with serve(tmp_path, CONFIG) as client:
        results = watch(client)
        assert client.portal.call(client.app.state.inference_service.predict, "x") == "one"
        until(lambda: results == {"different": 1})


def test_version_that_is_being_unloaded_is_no_shadow(tmp_path):
    text = f"{CONFIG}repository: {{control: explicit}}\n"
    with serve(tmp_path, text) as client, ThreadPoolExecutor(1) as pool:
        results = watch(client)
        shadow = next(trial for trial in Trial.loaded if trial.options.answer == "two")
        shadow.options = shadow.options.model_copy(update={"hangs": "two"})
        assert predict(client) == ("1", "one")
        until(lambda: results["failed"])  # it ran out of time, and its thread still hangs
        body = {"parameters": {"version": "2"}}
        unloading = pool.submit(client.post, "/v2/repository/models/trial/unload", json=body)
        version = client.app.state.inference_service.of_version["2"]
        until(lambda: version.absence[0] == "UNLOADING")
        assert predict(client) == ("1", "one")
        until(lambda: results["dropped"])
        Trial.events["two"].set()
        assert unloading.result().status_code == 200
        assert results == {"failed": 1, "dropped": 1}
