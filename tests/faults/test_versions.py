"""Several versions under load: reloads lose nothing, memory comes back, rollback is one value."""

import asyncio
import itertools
import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from .client import ask, get, post_bytes
from .load import one_after_another
from .process import (
    forget_peak,
    log_lines,
    memory,
    metric,
    peak_memory,
    wait_for,
    wait_for_line,
    workers,
)

CONFIG = """
model: {name: m, implementation: "versions_model:CLASS"}
service: {timeout: 1}
models:
  m:
    shares: {"1": 50, "2": 50}
    versions:
      "1": {options: {name: one, seconds: 0.002, hangs_s: 3}}
      "2": {options: {name: two, seconds: 0.002, hangs_s: 3}}
repository: {control: explicit, drain_s: 0.5}
"""
RELOADS, CLIENTS = 25, 16  # of both versions
WORK = post_bytes("/predict", b'{"input":"x"}')


@pytest.fixture
def several(serve, tmp_path):
    """Serve two versions of a model: `with several("Arrays") as service`."""

    def start(model="Arrays", config=CONFIG, **more):
        file = tmp_path / "several.yaml"
        file.write_text(config.replace("CLASS", model), "utf-8")
        return serve(CONFIG_PATH=file, MODEL__IMPLEMENTATION=f"versions_model:{model}", **more)

    return start


def load(service, what="load", name="m", **parameters):
    """Load or unload; return the status."""
    path = f"/v2/repository/models/{name}/{what}"
    return service.request(path, {"parameters": parameters})[0]


def settled(service, swaps):
    """Wait until so many versions that were replaced are unloaded."""
    wait_for(lambda: len(log_lines(service, "Unloaded")) >= swaps)


@pytest.mark.long
@pytest.mark.row(48)
def test_fifty_reloads_under_load_lose_no_request(several, record_property):
    def reload():
        return [load(service) for _ in range(RELOADS)]

    async def run():
        reloads = asyncio.create_task(asyncio.to_thread(reload))
        results = await one_after_another(
            service, WORK, CLIENTS, lambda n: n < 2000 or not reloads.done()
        )
        return results, await reloads

    with several(LOG_INPUTS="false") as service:
        results, reloads = asyncio.run(run())
        lost = [result for result in results if result.status != 200]
        record_property("number", f"50 reloads: lost {len(lost)} of {len(results)} requests")
        assert reloads == [200] * RELOADS
        assert len(results) >= 2000
        assert not lost
        settled(service, 2 * RELOADS)
        assert len(log_lines(service, "Unloaded m")) == 2 * RELOADS
        assert not log_lines(service, "Traceback")


@pytest.mark.row(49)
def test_open_streams_end_whole_and_a_hung_call_does_not_delay_a_reload(several):
    stream = post_bytes("/models/m/predict/stream", b'{"input":"x"}')
    hang = post_bytes("/predict", b'{"input":"hang"}')
    with several() as service, ThreadPoolExecutor(8) as pool:
        hung = [pool.submit(ask, service, hang) for _ in range(2)]
        streams = [pool.submit(ask, service, stream) for _ in range(4)]
        wait_for(lambda: metric(service, 'http_request_duration_seconds_count{route="/ready"}'))
        assert load(service) == 200
        for _ in range(10):
            assert ask(service, WORK).status == 200
        for answer in [task.result() for task in streams]:
            lines = answer.body.decode().split()
            predictions = [line for line in lines if line.startswith('{"prediction":')]
            assert len(predictions) == 10
            assert len({*predictions}) == 1, "one version to its end"
        assert {task.result().status for task in hung} == {504}
        wait_for_line(service, "stays in memory: it is still in use after 0.5 s")
        assert not log_lines(service, "Traceback")


@pytest.mark.long
@pytest.mark.row(50)
@pytest.mark.parametrize(
    ("model", "measure", "most", "freed_mb"),
    # Python keeps the memory of small objects, and uses it for the next model: between reloads it
    # grows towards the peak of a reload, and that peak stays.
    [("Arrays", memory, 0.05, 50), ("Objects", peak_memory, 0.03, 0)],
)
def test_memory_comes_back(several, model, measure, most, freed_mb, record_property):
    with several(model) as service:
        sizes, pid = [], service.process.pid
        for number in range(1, 21):
            forget_peak(pid)
            assert load(service) == 200
            settled(service, 2 * number)
            sizes.append(measure(pid))
        growth = sizes[19] / sizes[9] - 1
        text = f"{model}: {sizes[0]:.0f}, {sizes[9]:.0f}, {sizes[19]:.0f} MB"
        record_property("number", f"{measure.__name__} of reloads 1, 10, 20 of {text}")
        assert growth <= most
        before = memory(pid)
        assert load(service, "unload") == 200
        assert memory(pid) <= before - freed_mb


@pytest.mark.row(51)
@pytest.mark.parametrize("processes", [1, 2])
def test_signal_rolls_back(several, tmp_path, processes):
    old = CONFIG.replace("shares: {", 'serve: "2"\n    shares: {')
    new = CONFIG.replace("shares: {", 'serve: "1"\n    shares: {')
    with several(config=old, HARDENING__WORKERS=processes) as service:
        assert served(service) == {"2"}
        (tmp_path / "several.yaml").write_text(new.replace("CLASS", "Arrays"), "utf-8")
        os.kill(service.process.pid, signal.SIGHUP)
        wait_for(lambda: served(service) == {"1"})
        change = "Changed: models.m.serve: 2 -> 1", "several.yaml:6:5)"
        assert log_lines(service, *change)
        wait_for_line(service, "Reloaded the settings")
        before = workers(service)
        wrong = [("nonsense: 1", "no such setting"), (old, "there is no version 9")]
        for text, problem in wrong:
            text = text.replace('serve: "2"', 'serve: "9"')
            (tmp_path / "several.yaml").write_text(text, "utf-8")
            os.kill(service.process.pid, signal.SIGHUP)
            wait_for_line(service, " - ERROR - Nothing has changed", problem)
            assert served(service) == {"1"}
        assert workers(service) == before
        assert len(log_lines(service, " - ERROR - ")) == len(wrong)


@pytest.mark.row(51)
def test_signal_during_a_restart_has_the_last_word(several, tmp_path):
    slow = CONFIG.replace("options: {", "options: {loads_s: 1, ").replace(
        "shares: {", 'serve: "N"\n    #'
    )
    with several(config=slow.replace("N", "1"), HARDENING__WORKERS=2) as service:
        wait_for(lambda: len(workers(service)) == 2)
        for version in ("2", "1", "2"):
            before = workers(service)
            text = slow.replace('"N"', f'"{version}"').replace("CLASS", "Arrays")
            (tmp_path / "several.yaml").write_text(text, "utf-8")
            os.kill(service.process.pid, signal.SIGHUP)
            wait_for(lambda: workers(service) - before)  # noqa: B023
        wait_for_line(service, "Reloaded the settings")
        assert served(service) == {"2"}
        assert len(log_lines(service, "Reloading the settings")) == 3
        assert len(log_lines(service, "Reloaded the settings")) == 1
        assert not log_lines(service, " - ERROR - ")


def served(service):
    """Return the versions of twenty responses."""
    return {version_of(service, WORK) for _ in range(20)}


@pytest.mark.row(51)
def test_variable_rolls_back(several):
    with several(MODELS__M__SERVE="1") as service:
        assert served(service) == {"1"}


@pytest.mark.row(51)
def test_users_keep_their_version_in_each_process_and_after_a_restart(several):
    config = CONFIG.replace("shares: {", "sticky_header: X-User-ID\n    shares: {")
    users = [
        post_bytes("/predict", b'{"input":"x"}', x_user_id=f"user-{number}") for number in range(40)
    ]

    def versions(service):
        rounds = [[version_of(service, data) for data in users] for _ in range(3)]
        assert rounds[0] == rounds[1] == rounds[2]
        return rounds[0]

    with several(config=config, HARDENING__WORKERS=2) as service:
        wait_for(lambda: len(workers(service)) == 2)
        before = versions(service)
    with several(config=config) as service:
        assert versions(service) == before
    assert {*before} == {"1", "2"}


def version_of(service, data):
    """Return the version that responds, over a new connection; a worker may still load."""
    return wait_for(lambda: ask(service, data).headers.get("x-model-version"))


def test_parent_of_several_workers_holds_no_model(several, record_property):
    large = CONFIG.replace("name: one,", "name: one, megabytes: 200,")
    with several(config=large, HARDENING__WORKERS=2) as service:
        found = workers(service)
        wait_for(lambda: len(log_lines(service, "Loaded model: m", "model=m@2")) == len(found))
        parent, *others = [memory(pid) for pid in (service.process.pid, *found)]
        text = f"parent {parent:.0f} MB, workers {[f'{each:.0f}' for each in others]}"
        record_property("number", f"two workers with a model of 230 MB: {text}")
        assert len(others) == 2
        assert parent < 100
        assert min(others) > 230


@pytest.mark.row(52)
def test_broken_configuration_ends_the_start_with_one_line(attempt, tmp_path):
    file = tmp_path / "several.yaml"
    for text, problem in [
        (CONFIG.replace('"2": {options', "1.10: {options"), "put it in quotes"),
        (CONFIG.replace('"2": 50', '"3": 50'), "there is no version 3; did you mean 2?"),
        (CONFIG.replace("options: {name: two", "optoins: {name: two"), "did you mean options?"),
        (CONFIG.replace("versions_model", "version_model"), "did you mean versions_model?"),
    ]:
        file.write_text(text.replace("CLASS", "Arrays"), "utf-8")
        done = attempt(CONFIG_PATH=file, MODEL__IMPLEMENTATION="")
        assert done.returncode == 78, done.stdout + done.stderr
        assert problem in done.stderr
        assert "Traceback" not in done.stderr + done.stdout


def test_index_and_health_are_there_while_a_model_reloads(several):
    with several() as service, ThreadPoolExecutor(2) as pool:
        loading = pool.submit(lambda: [load(service) for _ in range(5)])
        seen = itertools.takewhile(lambda _: not loading.done(), itertools.count())
        statuses = {get(service, path).status for _ in seen for path in ("/ready", "/health")}
        assert statuses == {200}
        assert loading.result() == [200] * 5
