"""Rows 33 and 34: the content of the log, and a log that nobody reads."""

import json
import os
import socket
import subprocess
from contextlib import contextmanager

import pytest

from tools.service import Service, stop

from .client import get, post
from .process import PATIENCE_S, at_once, log_lines, metric, wait_for, wait_for_line

BATCH = {"inputs": [f"good {number}" for number in range(1000)]}  # two lines of the log each


@pytest.mark.row(33)
@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_value_can_forge_a_line_and_long_ones_are_cut(serve, log_format):
    with serve("faulty_model:Faulty", LOG_FORMAT=log_format, MODEL__CACHE_SIZE=0) as service:
        forged = "x\n2026-01-01 00:00:00,000 - CRITICAL - forged\r\u2028\x1b[31m"
        for value in (forged, "log_much", "raise_much", "y" * 1_000_000):
            post(service, "/predict", {"input": value}, x_request_id="whose")
        wait_for(lambda: len(log_lines(service, "Making prediction")) == 4)
        post(service, "/predict", {"input": "last"}, x_request_id="last")
        wait_for_line(service, "Prediction result", "last")
        text = service.log.read_text("utf-8")
        assert max(map(len, text.split("\n"))) < 20_000
        assert len(text) < 50_000
        assert "\x1b" not in text
        assert "\r" not in text
        assert "\u2028" not in text
        for line in text.splitlines():
            assert not line.startswith("2026-01-01")
            if log_format == "json":
                assert json.loads(line)["level"] != "CRITICAL"


@contextmanager
def silenced(command, project, variables, log, stdout, **options):
    """Run a service with a standard output of its own; the log has its standard error."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    env = variables("", API_HOST="127.0.0.1", API_PORT=port, **options)
    with log.open("w") as stderr:
        process = subprocess.Popen(
            command, cwd=project, env=env, stdout=stdout, stderr=stderr, text=True,
            start_new_session=True,
        )  # fmt: skip
    service = Service(process, f"http://127.0.0.1:{port}", log)
    try:
        wait_for(lambda: is_ready(service))
        yield service
    finally:
        stop(process)


def is_ready(service):
    try:
        return get(service, "/ready").status == 200
    except OSError:
        return False


@pytest.fixture(params=["a pipe nobody reads", "a closed pipe", "a full disk", "closed"])
def silent(request, command, project, variables, tmp_path):
    """Return a command that runs a service whose standard output accepts nothing."""
    read, write = os.pipe()
    if request.param == "a closed pipe":
        os.close(read)
    if request.param == "a full disk":
        write = os.open("/dev/full", os.O_WRONLY)
    if request.param == "closed":
        command = ["sh", "-c", 'exec "$@" >&-', "sh", *command]
    yield lambda **options: silenced(
        command, project, variables, tmp_path / "log", write, **options
    )
    os.close(write)


@pytest.mark.row(34)
def test_service_serves_and_ends_when_standard_output_takes_nothing(silent, request):
    with silent() as service:
        for _ in range(12):
            assert post(service, "/predict/batch", BATCH).status == 200
        seconds = min(post(service, "/predict", {"input": "good"}).seconds for _ in range(5))
        assert seconds < at_once(service)
        if "closed]" not in request.node.name:  # there, lines go to standard error
            wait_for(lambda: metric(service, 'log_lines_dropped_total{stream="log"}') > 1000)
        service.process.terminate()
        assert service.process.wait(PATIENCE_S) in {0, 143, -15}


@pytest.mark.row(34)
def test_lines_that_were_dropped_are_told_once_somebody_reads_again(
    command, project, variables, tmp_path
):
    read, write = os.pipe()
    with silenced(command, project, variables, tmp_path / "log", write) as service:
        for _ in range(12):
            assert post(service, "/predict/batch", BATCH).status == 200
        os.set_blocking(read, False)
        text = b""

        def told():
            nonlocal text
            try:
                text += os.read(read, 1_000_000)
            except BlockingIOError:
                get(service, "/health")
            return b"Dropped" in text

        wait_for(told)
        assert b"log lines: the output did not accept them in time" in text
    os.close(read)
    os.close(write)
