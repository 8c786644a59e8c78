"""Services with processes of the model: every start, the contract, batches, artifacts, lines."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.faults.client import post
from tests.faults.process import log_lines, wait_for, wait_for_line
from tests.processes.system import none_left, predict, processes_of
from tests.support.contract import assert_contract, assert_log
from tools.service import running

WORKER = "process_models:Worker"
STARTS = {
    "file": ("hardening", ("python", "src/main.py")),
    "file, alone": ("alone", ("python", "src/main.py")),
    "file, named_package": ("named_package", ("python", "src/main.py")),
    "module": ("hardening", ("python", "-m", "src.main")),
    "start-server": ("hardening", ("python", "-c", "from src.main import main; main()")),
    "uvicorn": (
        "hardening",
        ("uvicorn", "src.main:app", "--port", "0", "--host", "127.0.0.1"),
    ),
    "uvicorn, named_package": (
        "named_package",
        ("uvicorn", "fraud_scoring.main:app", "--port", "0", "--host", "127.0.0.1"),
    ),
}


@pytest.mark.parametrize("start", STARTS)
def test_model_runs_in_its_processes_however_the_service_is_started(serve, start):
    variant, command = STARTS[start]
    with serve(WORKER, variant=variant, command=command) as service:
        pids = processes_of(service.process.pid)
        assert len(pids) == 2
        assert {int(predict(service, "pid")[1]) for _ in range(4)} == pids
        assert predict(service, "modules") == (200, ""), "no server, no app"
        assert predict(service, "descriptors") == (200, "1"), "no socket but its own"
    assert none_left(pids)


def test_each_worker_has_processes_of_its_own(serve):
    with serve(WORKER, HARDENING__WORKERS=2) as service:
        wait_for(lambda: len(processes_of(service.process.pid)) == 4)
        pids = processes_of(service.process.pid)
        pid = wait_for(lambda: predict(service, "pid")[1])  # the other worker may still load
        assert int(pid) in pids
    assert none_left(pids)


@pytest.mark.parametrize("variant", ["hardening", "alone"])
def test_keyword_model_keeps_the_contract(serve, variant):
    shared = {*Path("/dev/shm").iterdir()}
    with serve("keyword_model:Keyword", variant=variant) as service:
        assert len(processes_of(service.process.pid)) == 2
        assert_contract(service)
        assert_log(service, started=True)
    assert {*Path("/dev/shm").iterdir()} <= shared
    assert "resource_tracker" not in service.log.read_text()


def test_batches_run_in_both_processes(serve):
    with serve("process_models:Batches") as service:
        inputs = [f"{number}" for number in range(40)]
        answer = post(service, "/predict/batch", {"inputs": inputs})
        found = [re.fullmatch(r"(\d+) of (\d+) in (\d+)", p) for p in answer.json()["predictions"]]
        assert [match[1] for match in found] == inputs
        assert {int(match[2]) for match in found} == {20}
        assert {int(match[3]) for match in found} == processes_of(service.process.pid)


def test_stream_arrives_chunk_by_chunk(serve):
    with serve("process_models:Streams") as service:
        answer = post(service, "/predict/stream", {"input": "1 2 3"})
        assert re.findall(r'data: \{"prediction":"(\d)"\}', answer.body.decode()) == ["1", "2", "3"]


@pytest.mark.parametrize("form", ["text", "json"])
def test_line_of_the_model_has_the_form_of_the_service_and_the_request_id_once(serve, form):
    with serve(WORKER, LOG_FORMAT=form) as service:
        answer = post(service, "/predict", {"input": "log"}, x_request_id="id-of-this")
        assert answer.json() == {"prediction": "logged"}
        (line,) = wait_for_line(service, "said by the model")
        if form == "json":
            assert json.loads(line)["request_id"] == "id-of-this"
            assert json.loads(line)["level"] == "WARNING"
        else:
            assert re.fullmatch(
                r"[\d-]+ [\d:,]+ - WARNING - said by the model request_id=id-of-this", line
            )
        post(service, "/predict", {"input": "value"}, x_request_id="id-of-error")
        wait_for_line(service, "KeyError", "value")
        assert len(log_lines(service, "id-of-error", "ERROR")) == 1
        assert log_lines(service, "process_models.py")


def test_wrong_model_ends_the_start_with_one_line(project, commands):
    env = {
        "PATH": os.environ["PATH"],
        "API_PORT": "0",
        "MODEL__IMPLEMENTATION": "process_models:Async",
        "MODEL__PROCESSES__COUNT": "2",
    }
    done = subprocess.run(
        [commands / "python", "src/main.py"],
        cwd=project("hardening"),
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 78
    assert "model.processes.count: must be 0, because Async has methods" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("backend", ["sklearn", "onnx"])
def test_example_of_a_backend_predicts_in_processes(render, backend_commands, tmp_path, backend):
    features = ["batching", "hardening", "processes"]
    project = render(model_backend=backend, features=features)
    python = str(backend_commands / "python")
    subprocess.run([python, "scripts/make_example_model.py"], cwd=project, check=True)
    env = {"PATH": os.environ["PATH"], "MODEL__PROCESSES__COUNT": "2", "HARDENING__DRAIN_S": "0"}
    start = [python, "src/main.py"]
    with running(start, cwd=project, env=env, log=tmp_path / "log") as service:
        assert len(processes_of(service.process.pid)) == 2
        assert_contract(service)
