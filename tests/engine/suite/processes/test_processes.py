"""A model in processes of its own: calls, limits, crashes, replacements, ends."""

import asyncio
import os
import signal
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from src.config.settings import Settings
from src.core.errors import (
    ConfigError,
    InvalidInputError,
    PredictionError,
    PredictionTimeoutError,
    TransientModelError,
)
from src.core.request import time_limit
from src.services.inference_service import InferenceService
from src.services.processes import model_process, remote_model
from src.services.processes.model_process import ModelProcess, ModelProcessError
from tests.engine.suite.processes import process_models
from tests.engine.suite.processes.process_models import Large, Streams, Worker

PATIENCE_S = 60


def service_of(model, count=1, **limits):
    settings = Settings.model_validate(
        {
            "model": {"processes": {"count": count}},
            "service": {"timeout": 30, "max_retries": 1, **limits},
        }
    )
    service = InferenceService(model, settings)
    remote_model.install(service, settings)
    return service


@asynccontextmanager
async def started(model, count=1, **limits):
    service = service_of(model, count, **limits)
    await service.start()
    try:
        yield service
    finally:
        service.stop()
        await service.runner.unloading


def run(scenario):
    asyncio.run(asyncio.wait_for(scenario, 4 * PATIENCE_S))


async def until(check):
    deadline = time.monotonic() + PATIENCE_S
    while not check():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def pids_of(service, number):
    """Return the processes of calls that have no limit, as a start may take longer here."""
    return {int(await service.runner.model.predict("pid")) for _ in range(number)}


def ended(pid):
    """Return whether there is no such process, not even a zombie."""
    return not Path(f"/proc/{pid}").exists()


def test_calls_run_in_processes_of_their_own_that_end_with_the_service():
    async def scenario():
        async with started(Worker(), 2) as service:
            pids = await pids_of(service, 4)
            assert len(pids) == 2
            assert os.getpid() not in pids
        assert all(map(ended, pids))

    run(scenario())


def test_processes_import_no_server_and_inherit_no_socket():
    async def scenario():
        listener = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        for sock in listener.sockets:
            os.set_inheritable(sock.fileno(), True)
        async with started(Worker()) as service:
            assert await service.predict("modules") == ""
            assert await service.predict("descriptors") == "1", "that of its calls"
        listener.close()

    run(scenario())


def test_count_of_zero_leaves_the_model_where_it_is():
    service = service_of(Worker(), 0)
    assert "predict" not in vars(service.runner.model)
    assert not service.checks


def test_artifact_reaches_the_model_before_it_loads(tmp_path):
    async def scenario():
        model = Worker()
        service = service_of(model)
        model.artifact = tmp_path  # as `artifacts` does, in `runner.load`
        await service.start()
        assert await service.predict("artifact") == str(tmp_path)
        service.stop()
        await service.runner.unloading

    run(scenario())


@pytest.mark.parametrize("kind", ["Inline", "Async"])
def test_model_that_gains_nothing_is_refused_with_its_name_and_the_setting(kind):
    with pytest.raises(ConfigError, match=f"model.processes.count: must be 0, because {kind} "):
        service_of(getattr(process_models, kind)())


def test_model_that_no_other_process_can_import_is_refused():
    class Hidden(Worker):
        pass

    with pytest.raises(ConfigError, match=r"Hidden is not at the top level"):
        service_of(Hidden())


def test_processors_of_a_backend_are_shared():
    class Share(NamedTuple):  # as `CpuShare`, which not every service has
        process: int
        call: int

    model: Any = Worker()
    model.cpus = Share(8, 2)
    remote_model._share_cpus(model, 3)
    assert tuple(model.cpus) == (2, 2)
    remote_model._share_cpus(model, 3)
    assert tuple(model.cpus) == (1, 1)


@pytest.mark.parametrize(
    ("word", "kind", "text"),
    [
        ("invalid", InvalidInputError, "not this"),
        ("transient", TransientModelError, "temporarily"),
        ("value", PredictionError, "The model failed"),
        ("unpicklable", PredictionError, "The model failed"),
    ],
)
def test_error_of_the_model_arrives_and_the_process_stays(word, kind, text):
    async def scenario():
        async with started(Worker()) as service:
            pids = await pids_of(service, 1)
            with pytest.raises(kind, match=text) as caught:
                await service.predict(word)
            if kind is PredictionError:
                notes = "".join(caught.value.__cause__.__notes__)
                assert "Traceback" in notes
                assert "child.py" in notes
            assert await pids_of(service, 1) == pids

    run(scenario())


def test_crash_costs_its_call_and_no_retry_and_the_process_is_replaced(caplog):
    async def scenario():
        async with started(Worker(), 2, max_retries=3) as service:
            before = await pids_of(service, 2)
            with pytest.raises(ModelProcessError):
                await service.predict("die")
            assert service.ready
            await until(lambda: "exit code 7" in caplog.text)
            await until(lambda: caplog.text.count("Started a process") == 3)
            assert [fields_of(record) for record in lines(caplog, "exit code 7")] == [
                ("ERROR", "worker@1", True)
            ]
            after = await pids_of(service, 4)
            assert len(after) == 2
            assert len(before & after) == 1, "there was no retry"

    caplog.set_level("INFO")
    run(scenario())


def test_idle_process_that_is_killed_costs_no_call(caplog):
    async def scenario():
        async with started(Worker()) as service:
            (pid,) = await pids_of(service, 1)
            os.kill(pid, signal.SIGKILL)
            await until(lambda: not service.ready)
            assert await pids_of(service, 1) != {pid}
            assert service.ready
            assert ended(pid)
        assert fields_of(lines(caplog, "exit code -9")[0]) == ("ERROR", "worker@1", True)

    run(scenario())


def lines(caplog, text):
    return [record for record in caplog.records if text in record.getMessage()]


def fields_of(record):
    """Return the level, the model and whether there is the number of a process."""
    return record.levelname, record.model, record.pid > 0


def test_call_beyond_its_limit_is_killed_while_others_are_served(caplog):
    async def scenario():
        async with started(Worker(), 2, timeout=1) as service:
            pids = await pids_of(service, 2)
            hangs = asyncio.create_task(service.predict("hang"))
            await asyncio.sleep(0.2)
            assert await service.predict("0") == "0"
            with pytest.raises(PredictionTimeoutError):
                await hangs
            await until(lambda: sum(map(ended, pids)) == 1)
            await until(lambda: sum(p.is_alive for p in _processes(service)) == 2)

    caplog.set_level("INFO")
    run(scenario())
    (killing,), (end,) = lines(caplog, "no result within 1 s"), lines(caplog, "exit code -9")
    assert fields_of(killing) == ("WARNING", "worker@1", True)
    assert fields_of(end) == ("INFO", "worker@1", True), "the service itself killed it"


def _processes(service):
    return service.runner.model.predict.__self__._processes


def test_call_whose_caller_leaves_is_finished_and_its_process_serves_on():
    async def scenario():
        async with started(Worker()) as service:
            pids = await pids_of(service, 1)
            left = asyncio.create_task(service.predict("300"))
            await asyncio.sleep(0.1)
            left.cancel()
            await asyncio.wait({left})
            assert await pids_of(service, 1) == pids

    run(scenario())


def test_call_that_hangs_is_killed_also_when_its_caller_has_left():
    async def scenario():
        async with started(Worker(), timeout=1) as service:
            pids = await pids_of(service, 1)
            left = asyncio.create_task(service.predict("hang"))
            await asyncio.sleep(0.1)
            left.cancel()
            await until(lambda: all(map(ended, pids)))
            await until(lambda: service.ready)
            assert await service.predict("0") == "0"

    run(scenario())


def test_call_that_began_late_has_its_time_though_its_caller_has_not():
    async def scenario():
        async with started(Worker(), timeout=1) as service:
            pids = await pids_of(service, 1)
            first = asyncio.create_task(service.predict("700"))
            late = asyncio.create_task(service.predict("700"))
            assert await first == "700"
            with pytest.raises(PredictionTimeoutError):
                await late
            assert await pids_of(service, 1) == pids, "nothing hung"

    run(scenario())


def test_process_that_cannot_start_again_is_tried_after_longer_and_longer_pauses(
    monkeypatch, caplog
):
    pauses = []
    sleep = asyncio.sleep

    async def no_sleep(seconds):
        if seconds < 1:
            await sleep(seconds)
        else:
            pauses.append(seconds)
            await sleep(0.01)

    async def fail(*_):
        raise ModelProcessError("no memory")

    async def scenario():
        async with started(Worker()) as service:
            starts = service.runner.model.predict.__self__
            monkeypatch.setattr(asyncio, "sleep", no_sleep)
            working, starts._start = starts._start, fail
            with pytest.raises(ModelProcessError):
                await service.predict("die")
            await until(lambda: len(pauses) > 8)
            assert not service.ready
            with pytest.raises(ModelProcessError, match="No process of the model runs"):
                await service.predict("0")
            starts._start = working
            await until(lambda: service.ready)
            assert await service.predict("0") == "0"

    run(scenario())
    assert pauses[:8] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert "no memory" in caplog.text
    assert {record.model for record in lines(caplog, "next attempt in")} == {"worker@1"}


@pytest.mark.parametrize(
    ("kind", "error", "text"),
    [("Broken", ConfigError, "no artifact"), ("Crashing", ModelProcessError, "exit code 5")],
)
def test_model_that_cannot_be_loaded_ends_the_start_and_leaves_no_process(
    kind, error, text, monkeypatch
):
    pids = []
    start = ModelProcess.start

    async def recorded(_, model):
        process = await start(model)
        pids.append(process.pid)
        return process

    monkeypatch.setattr(ModelProcess, "start", classmethod(recorded))

    async def scenario():
        with pytest.raises(error, match=text):
            await service_of(getattr(process_models, kind)(), 2).start()

    run(scenario())
    assert pids
    assert all(map(ended, pids))


def test_stream_has_its_process_to_itself_and_frees_it(tmp_path):
    async def scenario():
        model: Any = Streams()
        model.artifact = tmp_path / "closed"
        async with started(model) as service:
            stream = model.predict_stream("1 2 3")
            assert [await anext(stream), await anext(stream)] == ["1", "2"]
            other = asyncio.create_task(service.predict("0"))
            await asyncio.sleep(0.1)
            assert not other.done()
            await stream.aclose()
            assert await other == "0"
            assert model.artifact.read_text() == "1 2 3"
            assert [chunk async for chunk in model.predict_stream("4 5")] == ["4", "5"]
            assert [chunk async for chunk in model.predict_stream("")] == []

    run(scenario())


def test_stream_that_fails_or_hangs_frees_its_process():
    async def scenario():
        model: Any = Streams()
        async with started(model, timeout=0.5) as service:
            (pid,) = await pids_of(service, 1)
            with pytest.raises(KeyError):
                _ = [chunk async for chunk in model.predict_stream("1 value")]
            assert await pids_of(service, 1) == {pid}
            with time_limit(0.5), pytest.raises(PredictionTimeoutError):
                _ = [chunk async for chunk in model.predict_stream("1 hang")]
            assert await pids_of(service, 1) != {pid}

    run(scenario())


def test_long_values_arrive_whole():
    async def scenario():
        async with started(Large()) as service:
            for size in (10, 70_000, 5_000_000, 100):
                value = os.urandom(size)
                assert await service.runner.model.predict(value) == [value, value]

    run(scenario())


def test_without_memory_files_long_values_arrive_through_the_socket(monkeypatch):
    monkeypatch.setattr(model_process, "create_memory", lambda: -1)

    async def scenario():
        async with started(Large()) as service:
            value = os.urandom(3_000_000)
            assert await service.runner.model.predict(value) == [value, value]

    run(scenario())


def _descriptors():
    return len([*Path("/proc/self/fd").iterdir()])


def test_descriptors_of_processes_that_ended_are_closed():
    async def scenario():
        async with started(Worker()) as service:
            before = _descriptors()
            for _ in range(3):
                with pytest.raises(ModelProcessError):
                    await service.predict("die")
                assert await service.predict("0") == "0"
            assert _descriptors() == before

    run(scenario())


def test_process_that_does_not_unload_in_time_is_killed(monkeypatch, caplog):
    monkeypatch.setattr(model_process, "STOP_S", 0.2)

    async def scenario():
        async with started(Worker()) as service:
            (pid,) = await pids_of(service, 1)
            hangs = asyncio.create_task(service.runner.model.predict("hang"))
            await asyncio.sleep(0.1)
        await asyncio.wait({hangs})
        assert ended(pid)
        assert "was not unloaded" in caplog.text

    run(scenario())


def test_process_that_was_killed_gets_no_call_that_waited():
    async def scenario():
        async with started(Worker(), timeout=1) as service:
            hangs = asyncio.create_task(service.predict("hang"))
            await asyncio.sleep(0.7)
            waits = asyncio.create_task(service.runner.model.predict("0"))  # without a limit
            with pytest.raises(PredictionTimeoutError):
                await hangs
            assert await waits == "0"

    run(scenario())
