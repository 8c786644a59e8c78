"""Loads, unloads, reloads and predictions at the same time, as Hypothesis makes them up."""

import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from tests.faults.client import Client, post, post_bytes
from tests.faults.process import log_lines, wait_for

CONFIG = Path(__file__).with_name("generations.yaml").read_text("utf-8")
THIRD = CONFIG.replace("repository:", '      "3": {options: {name: "3"}}\nrepository:')
SHARES = 'shares: {"1": 50, "2": 50}'
CONFIGS = [
    CONFIG,
    CONFIG.replace(SHARES, 'serve: "1"'),
    CONFIG.replace(SHARES, 'serve: "2"\n    shadow: {"1": 1}'),
    THIRD.replace(SHARES, 'serve: "1"\n    shadow: {"3": 1}'),
    THIRD.replace(SHARES, 'shares: {"1": 20, "2": 20, "3": 60}'),
]
PATIENCE_S = 60  # for all requests of an example; most take milliseconds
STEPS = 40
SECONDS = st.sampled_from(["0", "0.005", "0.05"])  # of a prediction
VERSION = st.sampled_from(["1", "2", "3"])


class Races(RuleBasedStateMachine):
    """Each rule begins something; `settle` waits until all that has begun has ended."""

    def __init__(self, service, file, pool):
        super().__init__()
        self.service, self.file, self.pool = service, file, pool
        self.tasks = []

    def begin(self, function, *values):
        self.tasks.append(self.pool.submit(function, *values))

    @rule(version=st.none() | VERSION, loads=st.booleans())
    def change(self, version, loads):
        self.begin(check_change, self.service, "load" if loads else "unload", version)

    @rule(version=st.none() | VERSION, loads=st.booleans())
    def leave(self, version, loads):
        """A client that does not wait for the end changes as much as one that does."""
        body = json.dumps({"parameters": {"version": version} if version else {}}).encode()
        what = "load" if loads else "unload"
        with Client(self.service) as client:
            client.send(post_bytes(f"/v2/repository/models/m/{what}", body))
            time.sleep(0.01)

    @rule(seconds=SECONDS, requests=st.integers(1, 4))
    def predict(self, seconds, requests):
        for _ in range(requests):
            self.begin(check_prediction, self.service, seconds)

    @rule(seconds=SECONDS)
    def predict_batch(self, seconds):
        self.begin(check_batch, self.service, seconds)

    @rule(seconds=SECONDS)
    def predict_stream(self, seconds):
        self.begin(check_stream, self.service, seconds)

    @rule(seconds=SECONDS, version=VERSION)
    def infer(self, seconds, version):
        self.begin(check_version, self.service, seconds, version)

    @rule(config=st.sampled_from(CONFIGS))
    def reload(self, config):
        replace(self.file, config)
        begun = len(log_lines(self.service, "Reloading the settings"))
        os.kill(self.service.process.pid, signal.SIGHUP)
        wait_for(lambda: len(log_lines(self.service, "Reloading the settings")) > begun)

    @rule()
    def settle(self):
        _, still_running = wait(self.tasks, PATIENCE_S)
        assert not still_running
        for task in self.tasks:
            task.result()
        self.tasks.clear()
        wait_for(lambda: is_reloaded(self.service), PATIENCE_S)
        wait_for(lambda: states(self.service) <= {"READY", "UNAVAILABLE"}, PATIENCE_S)

    def teardown(self):
        self.settle()
        assert change(self.service, "load").status == 200
        assert states(self.service) == {"READY"}
        assert self.service.request("/ready")[0] == 200
        for version in "12":
            assert self.service.request(f"/v2/models/m/versions/{version}/ready")[0] == 200
        assert is_right(post(self.service, "/predict", {"input": "0"}))
        log = self.service.log.read_text("utf-8")
        for word in ("Traceback", "ERROR", "WARNING"):
            begin = max(0, log.find(word))
            assert word not in log, log[max(0, begin - 1000) : begin + 4000]


def replace(file, text):
    """Write a file at once: the service may just read it."""
    other = file.with_suffix(".new")
    other.write_text(text, "utf-8")
    other.replace(file)


def states(service):
    """Return the states of all versions."""
    return {entry["state"] for entry in post(service, "/v2/repository/index", b"").json()}


def is_reloaded(service):
    """Return whether all reloads have ended."""
    begun, ended = (
        len(log_lines(service, f"{word} the set")) for word in ("Reloading", "Reloaded")
    )
    return begun == ended


def change(service, what, version=None):
    parameters = {} if version is None else {"version": version}
    return post(service, f"/v2/repository/models/m/{what}", {"parameters": parameters})


def check_change(service, what, version):
    """A version that has a share is not unloaded alone; the third is not always there."""
    answer = change(service, what, version)
    expected = {200, 404} if version == "3" else {200}
    assert answer.status in expected | ({409} if version and what == "unload" else set()), answer


def is_right(answer):
    """Return whether it is of the version in its header; False if it is not there."""
    assert answer.status in {200, 404, 503}, answer
    if answer.status == 200:
        version, _, generation = answer.json()["prediction"].partition(" ")
        assert version == answer.headers["x-model-version"]
        assert int(generation) > 0
    return answer.status == 200


def check_prediction(service, seconds):
    is_right(post(service, "/predict", {"input": seconds}))


def check_batch(service, seconds):
    """All of it is of one generation."""
    answer = post(service, "/models/m/predict/batch", {"inputs": [seconds] * 5})
    assert answer.status in {200, 404, 503}, answer
    if answer.status == 200:
        predictions = answer.json()["predictions"]
        assert len(predictions) == 5
        (text,) = {*predictions}
        assert text.split()[0] == answer.headers["x-model-version"]


def check_stream(service, seconds):
    """It ends whole, and all of it is of one generation."""
    answer = post(service, "/predict/stream", {"input": seconds})
    assert answer.status in {200, 404, 503}, answer
    if answer.status == 200:
        lines = [line for line in answer.body.decode().splitlines() if line.startswith("data: ")]
        chunks = [json.loads(line.removeprefix("data: "))["prediction"] for line in lines]
        assert len(chunks) == 5
        (text,) = {*chunks}
        assert text.split()[0] == answer.headers["x-model-version"]


def check_version(service, seconds, version):
    tensor = {"name": "input", "datatype": "BYTES", "shape": [1], "data": [seconds]}
    answer = post(service, f"/v2/models/m/versions/{version}/infer", {"inputs": [tensor]})
    assert answer.status in {200, 404, 503}, answer
    if answer.status == 200:
        body = answer.json()
        (text,) = body["outputs"][0]["data"]
        assert {text.split()[0], body["model_version"]} == {version}
        assert answer.headers["x-model-version"] == version


def test_whatever_happens_at_the_same_time_no_request_sees_it(serve, tmp_path, record_property):
    file, started = tmp_path / "config.yaml", time.monotonic()
    replace(file, CONFIG)
    # What a machine does at the same time is another thing each time: there is nothing to shrink.
    chosen = settings(
        stateful_step_count=STEPS,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[*HealthCheck],
        deadline=None,
    )
    with serve(file) as service, ThreadPoolExecutor(64) as pool:
        run_state_machine_as_test(lambda: Races(service, file, pool), settings=chosen)
    record_property("number", f"races: {time.monotonic() - started:.0f} s")
