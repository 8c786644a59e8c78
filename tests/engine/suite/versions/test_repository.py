"""Load and unload over HTTP: only what is configured, only where the settings allow it."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from src.api.versions.repository import RepositoryEndpoints
from tests.conftest import until
from tests.engine.suite.versions.trials import Trial, predict, serve

MODELS = "/v2/repository/models"
CONFIG = """
model: {name: trial, implementation: "trials:Trial", cache_size: 0}
models:
  trial:
    serve: "1"
    versions:
      "1": {options: {answer: one}}
      "2": {options: {answer: two}}
  other: {options: {answer: other}}
repository: {control: explicit}
"""


def states(client):
    index = client.post("/v2/repository/index").json()
    return {f"{e['name']} {e['version']}": e["state"] + e["reason"] for e in index}


def test_routes_are_not_there_by_default(tmp_path):
    with serve(tmp_path, CONFIG.replace("explicit", "none")) as client:
        for action in ("load", "unload"):
            response = client.post(f"{MODELS}/trial/{action}")
            assert response.status_code == 404
            assert "repository.control is none" in response.json()["error"]
        assert client.post(f"{MODELS}/trial/infer").json()["error"].startswith("Not found")
        assert not [path for path in client.get("/openapi.json").json()["paths"] if "load" in path]


@pytest.mark.parametrize(("control", "documented"), [("explicit", True), ("none", False)])
def test_404_of_an_unloaded_model_is_documented(tmp_path, control, documented):
    with serve(tmp_path, CONFIG.replace("explicit", control)) as client:
        paths = client.get("/openapi.json").json()["paths"]
        for path in ("/predict", "/predict/batch", "/models/other/predict"):
            assert ("404" in paths[path]["post"]["responses"]) is documented


def test_load_loads_all_versions_anew(tmp_path):
    with serve(tmp_path, CONFIG) as client:
        old = [*Trial.loaded]
        assert client.post(f"{MODELS}/trial/load").status_code == 200
        until(lambda: len([trial for trial in Trial.loaded if trial in old]) == 1)
        assert [trial.options.answer for trial in Trial.loaded if trial in old] == ["other"]
        assert predict(client) == ("1", "one")


def test_one_version_can_be_unloaded_and_loaded(tmp_path):
    with serve(tmp_path, CONFIG) as client:
        body = {"parameters": {"version": "2"}}
        assert client.post(f"{MODELS}/trial/unload", json=body).status_code == 200
        assert states(client) == {
            "trial 1": "READY",
            "trial 2": "UNAVAILABLEunloaded",
            "other 0": "READY",
        }
        text = {"name": "input", "datatype": "BYTES", "shape": [1], "data": ["x"]}
        infer = "/v2/models/trial/versions/2/infer"
        response = client.post(infer, json={"inputs": [text]})
        assert response.status_code == 404
        assert client.get("/v2/models/trial/versions/2/ready").status_code == 503
        metadata = client.get("/v2/models/trial/versions/2")
        assert metadata.status_code == 404
        assert metadata.json()["error"] == "The model trial, version 2, is unloaded"
        assert client.get("/v2/models/trial").json()["versions"] == ["1"]
        assert client.post(f"{MODELS}/trial/load", json=body).status_code == 200
        response = client.post(infer, json={"inputs": [text]})
        assert response.json()["outputs"][0]["data"] == ["two"]
        assert response.json()["model_version"] == "2"
        assert client.get("/v2/models/trial").json()["versions"] == ["1", "2"]


def test_version_with_a_share_is_unloaded_only_with_its_model(tmp_path):
    with serve(tmp_path, CONFIG) as client:
        body = {"parameters": {"version": "1"}}
        response = client.post(f"{MODELS}/trial/unload", json=body)
        assert response.status_code == 409
        assert "trial 1 has a share" in response.json()["error"]
        assert client.post(f"{MODELS}/trial/unload").status_code == 200
        assert client.post("/predict", json={"input": "x"}).status_code == 404
        assert client.get("/v2/models/trial").status_code == 404
        assert client.get("/v2/models/trial/ready").status_code == 503
        assert predict(client, path="/models/other/predict") == ("0", "other")
        assert client.get("/ready").json()["models"] == {"other": "0"}
        assert client.get("/v2/health/ready").status_code == 200
        assert client.post(f"{MODELS}/trial/load").status_code == 200
        assert predict(client) == ("1", "one")
        assert client.get("/ready").json()["models"] == {"trial": "1", "other": "0"}


@pytest.mark.parametrize("what", ["load", "unload"])
@pytest.mark.parametrize(
    ("name", "body", "status", "reason"),
    [
        ("trial", {"parameters": {"config": "{}"}}, 400, "The only supported parameter is version"),
        (
            "trial",
            {"parameters": {"file:1/model.onnx": "aGk="}},
            400,
            "The only supported parameter is version",
        ),
        ("trial", {"parameters": {"version": "9"}}, 404, "The model trial has no version 9"),
        ("trial", {"parameters": {"version": ["1"]}}, 404, "has no version ['1']"),
        ("none", None, 404, "There is no model none"),
        ("trial", {"version": "2"}, 400, '{"parameters": {"version": …}}'),
        ("trial", {"parameters": 1}, 400, "not valid"),
    ],
)
def test_request_for_anything_else_is_rejected(tmp_path, what, name, body, status, reason):
    with serve(tmp_path, CONFIG) as client:
        response = client.post(f"{MODELS}/{name}/{what}", json=body)
        assert response.status_code == status
        assert reason in response.json()["error"]
        assert predict(client) == ("1", "one")


@pytest.mark.parametrize("body", [b"", b"{}", b'{"parameters": {"version": "2"}}'])
@pytest.mark.parametrize("kind", [{}, {"Content-Type": "text/plain"}])
def test_web_page_of_others_cannot_load(tmp_path, body, kind):
    with serve(tmp_path, CONFIG) as client:
        old, headers = [*Trial.loaded], {"Origin": "https://evil.example", **kind}
        response = client.post(f"{MODELS}/trial/load", content=body, headers=headers)
        assert response.status_code in ({415} if not (body and kind) else {400, 415})
        assert Trial.loaded == old


def test_client_may_leave_the_media_type_out(tmp_path):
    """As Triton's does."""
    with serve(tmp_path, CONFIG) as client:
        body = b'{"parameters": {"version": "2"}}'
        assert client.post(f"{MODELS}/trial/unload", content=body).status_code == 200
        assert states(client)["trial 2"] == "UNAVAILABLEunloaded"
        assert states(client)["trial 1"] == "READY"


def test_version_that_is_gone_while_others_are_unloaded_or_loaded_is_left_out(tmp_path):
    with serve(tmp_path, CONFIG) as client, ThreadPoolExecutor(1) as pool:
        model = client.app.state.inference_service
        for what in ("unload", "load"):
            held = model.of_version["1"]
            client.portal.call(held._lock.acquire)  # as another change does
            task = pool.submit(client.post, f"{MODELS}/trial/{what}")
            until(partial(getattr, held._lock, "_waiters"))
            removed = model.remove("2")
            held._lock.release()
            assert task.result().status_code == 200
            assert not removed.service.loaded
            model.of_version["2"] = removed
            model.pin("2")


def test_all_versions_are_unloaded_though_a_call_of_one_hangs(tmp_path):
    text = CONFIG.replace("answer: one", "answer: one, hangs: late") + "service: {timeout: 0.1}\n"
    with serve(tmp_path, text) as client, ThreadPoolExecutor(1) as pool:
        assert client.post("/predict", json={"input": "x"}).status_code == 504
        unloading = pool.submit(client.post, f"{MODELS}/trial/unload")
        until(lambda: states(client)["trial 2"] == "UNAVAILABLEunloaded")
        assert states(client)["trial 1"] == "UNLOADINGunloaded"
        assert client.get("/ready").json()["models"] == {"other": "0"}, "it serves the others"
        Trial.events["late"].set()
        assert unloading.result().status_code == 200
        assert states(client)["trial 1"] == "UNAVAILABLEunloaded"
        shares = [line for line in client.get("/metrics").text.splitlines() if "share{" in line]
        assert {line.rpartition(" ")[2] for line in shares if 'model="trial"' in line} == {"0.0"}


def test_model_that_could_not_be_loaded_can_be_unloaded(tmp_path):
    with serve(tmp_path, CONFIG) as client:
        version = client.app.state.inference_service.of_version["1"]
        assert client.post(f"{MODELS}/trial/unload").status_code == 200
        version.settings.model.options.model_extra["fails"] = True
        assert client.post(f"{MODELS}/trial/load").status_code == 400
        assert client.get("/ready").status_code == 503
        assert client.post(f"{MODELS}/trial/unload").status_code == 200
        assert client.get("/ready").status_code == 200
        assert client.get("/v2/health/live").json() == {"live": True, "ready": True}


def test_slot_of_the_request_is_free_while_models_load(tmp_path):
    with serve(tmp_path, CONFIG) as client:
        released: list[int] = []
        slot = SimpleNamespace(release=lambda: released.append(1))
        request: Any = SimpleNamespace(scope={"state": {"headers": {}, "slot": slot}})
        endpoints = RepositoryEndpoints(client.app, is_alone=True)
        client.portal.call(endpoints.load, "trial", request)
        assert released == [1]


@pytest.mark.parametrize("what", ["load", "unload"])
def test_whole_model_changes_though_the_client_disconnects(tmp_path, what):
    with serve(tmp_path, CONFIG) as client:
        model = client.app.state.inference_service
        services = {version: each.service for version, each in model.of_version.items()}
        endpoints = RepositoryEndpoints(client.app, is_alone=True)
        request: Any = SimpleNamespace(
            scope={"type": "http", "headers": [], "state": {"headers": {}}}
        )

        async def leave() -> None:
            await model.of_version["1"]._lock.acquire()
            task = asyncio.create_task(getattr(endpoints, what)("trial", request))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait({task})
            assert task.cancelled()
            model.of_version["1"]._lock.release()

        client.portal.call(leave)
        until(lambda: not any(service.loaded for service in services.values()))
        expected = "READY" if what == "load" else "UNAVAILABLEunloaded"
        until(lambda: states(client)["trial 1"] == states(client)["trial 2"] == expected)


def test_client_of_the_protocol_may_leave_the_type_out(tmp_path):
    with serve(tmp_path, CONFIG) as client:
        for content, status in [(b"{}", 200), (b"{", 400), (b"", 200)]:
            response = client.post(f"{MODELS}/trial/load", content=content)
            assert response.status_code == status


@pytest.mark.parametrize(
    ("option", "reason"), [("fails: true", "cannot be loaded"), ("wrong: 1", "no such setting")]
)
def test_load_that_fails_is_400_and_the_old_one_still_predicts(tmp_path, option, reason):
    with serve(tmp_path, CONFIG) as client:
        version = client.app.state.inference_service.of_version["1"]
        options = version.settings.model.options
        name, _, value = option.partition(": ")
        options.model_extra[name] = value
        response = client.post(f"{MODELS}/trial/load")
        assert response.status_code == 400
        assert reason in response.json()["error"]
        assert predict(client) == ("1", "one")
        assert states(client)["trial 1"] == "READY"


def test_several_workers_are_reloaded_by_a_signal(tmp_path):
    text = f"{CONFIG}\nhardening: {{workers: 2}}"
    with serve(tmp_path, text) as client:
        response = client.post(f"{MODELS}/trial/load")
        assert response.status_code == 409
        assert "SIGHUP" in response.json()["error"]
