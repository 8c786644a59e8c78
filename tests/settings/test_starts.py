"""Services that start, or end at once with 78 and one line that names the setting."""

import json
import os
import shutil
import socket
import subprocess
import urllib.parse
from pathlib import Path

import pytest

from tools.service import running

EMOJI = "\N{GRINNING FACE}"
HOSTS = ["nowhere.invalid", "http://0.0.0.0", "203.0.113.9", "[::1]", "a..b", "a" * 70]
FIRST_FREE_PORT = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
WITHOUT_RIGHTS = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
ORIGINS = {
    "https://shop.example": "https://shop.example",
    "http://localhost:3000": "http://localhost:3000, https://shop.example",
    "null": "null",
    "https://any.example": "*",
}


def serve(project, commands, tmp_path, **variables):
    env = {"PATH": os.environ["PATH"]} | variables
    command = [str(commands / "python"), "src/main.py"]
    return running(command, cwd=project, env=env, log=tmp_path / "log")


def assert_one_line(done, *parts):
    output = done.stdout + done.stderr
    assert done.returncode == 78, output
    assert "Traceback" not in output
    (line,) = [line for line in output.splitlines() if all(part in line for part in parts)]
    assert line.count(" - ERROR - ") == 1


@pytest.mark.parametrize("host", HOSTS)
def test_host_that_cannot_be_had_is_named(attempt, host):
    assert_one_line(attempt(API_HOST=host), f"api_host {host}, api_port 0: cannot listen")


@pytest.mark.parametrize("how", [{}, {"DEBUG": "true"}, {"HARDENING__WORKERS": "2"}])
def test_port_in_use_is_named_however_the_service_starts(attempt, how):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = attempt(API_PORT=str(port), **how)
    assert_one_line(done, f"api_port {port}: cannot listen", "already in use")


@pytest.mark.skipif(not shutil.which("setpriv"), reason="needs setpriv")
def test_port_that_needs_rights_is_named(attempt):
    if int(FIRST_FREE_PORT.read_text()) <= 1:
        pytest.skip("here, every port is free to everybody")
    assert_one_line(attempt(*WITHOUT_RIGHTS, API_PORT="1"), "api_port 1:", "ermission denied")


@pytest.mark.parametrize("workers", ["2", "many"])
def test_variable_of_uvicorn_does_not_keep_the_service_from_starting(
    project, commands, tmp_path, workers
):
    with serve(project, commands, tmp_path, WEB_CONCURRENCY=workers) as service:
        assert service.request("/health")[0] == 200


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_line_that_the_output_cannot_show_is_escaped(project, commands, tmp_path, log_format):
    names = {"PYTHONIOENCODING": "ascii", "LOG_FORMAT": log_format}
    with serve(project, commands, tmp_path, **names) as service:
        query = urllib.parse.urlencode({"input": f"good {EMOJI}"})
        assert service.request(f"/predict?{query}", method="POST")[0] == 200
    log = service.log.read_text("ascii")
    assert "Traceback" not in log
    assert "Logging error" not in log
    escaped = "\\ud83d\\ude00" if log_format == "json" else "\\U0001f600"
    assert f"Making prediction for input: good {escaped}..." in log


def test_input_in_the_query_must_be_one_text_in_utf_8(project, commands, tmp_path):
    with serve(project, commands, tmp_path) as service:
        assert service.request("/predict?input=good", method="POST")[0] == 200
        assert service.request("/predict?input=", method="POST")[0] == 200
        assert service.request("/predict?input=%C3%BC", method="POST")[0] == 200
        for query in ("input=%FF", "input=good%C3", "input=good&input=bad", "input=a&input=a"):
            status, problem, _ = service.request(f"/predict?{query}", method="POST")
            assert status == 422, query
            assert "input=" in problem["detail"]
        assert service.request("/predict?input=a", {"input": "b"})[0] == 422
        assert service.request("/predict", method="POST")[0] == 422


def test_every_form_of_origin_that_is_taken_works(project, commands):
    """Checked in the app, because a start for each takes long."""
    code = """
import json, sys
from starlette.testclient import TestClient
from src.app import create_app
from src.config.settings import Settings

for origin, setting in json.loads(sys.argv[1]).items():
    app = create_app(Settings.model_validate({"cors_origins": setting}))
    answer = TestClient(app).get("/health", headers={"Origin": origin})
    print(answer.headers.get("access-control-allow-origin") in {origin, "*"})
"""
    command = [commands / "python", "-c", code, json.dumps(ORIGINS)]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["True"] * len(ORIGINS), done.stderr


def test_settings_that_contradict_each_other_are_refused(attempt, project):
    if not (project / "src/config/hardening.py").exists():
        pytest.skip("settings of production")
    contradictions = {
        "hardening.workers": {"HARDENING__WORKERS": "2", "DEBUG": "true"},
        "hardening": {"HARDENING__MAX_BODY_BYTES": "9", "HARDENING__MAX_HELD_BYTES": "8"},
        "hardening.watchdog_s": {"HARDENING__WATCHDOG_S": "0.001"},
        "debug": {"ENVIRONMENT": "production", "DEBUG": "true"},
    }
    for name, variables in contradictions.items():
        done = attempt(**variables)
        assert done.returncode == 78, done
        assert f"{name}: " in done.stderr
        assert "Traceback" not in done.stderr
