"""The service as a process: it starts, responds and ends; a wrong start is one message."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.request
from contextlib import contextmanager, suppress

import pytest

from src.core.metadata import PROJECT_DIR
from tests.conftest import PATIENCE_S

MAIN = PROJECT_DIR / "src" / "main.py"
SERVER = [sys.executable, "-m", "uvicorn", "src.main:app"]


@contextmanager
def running(command, **variables):
    pinned = {"LOG_LEVEL": "INFO", "LOG_FORMAT": "text", "ENVIRONMENT": "test", "DEBUG": "false"}
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", **pinned, **variables}
    with subprocess.Popen(
        command,
        cwd=PROJECT_DIR,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        # Its children too, or they would keep the pipe open: no test waits forever.
        deadline = threading.Timer(PATIENCE_S, kill, [process])
        deadline.start()
        try:
            yield process
        finally:
            deadline.cancel()
            kill(process)


def kill(process):
    if sys.platform == "win32":
        process.kill()
    else:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def lines_until(process, text):
    lines = []
    for line in process.stdout:
        lines.append(line)
        if text in line:
            return lines
    raise AssertionError("".join(lines))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM")
def test_service_starts_answers_and_ends():
    variables = {"API_PORT": "0", "API_HOST": "127.0.0.1", "ROOT_PATH": "/models/x"}
    with running([sys.executable, MAIN], **variables) as process:
        lines = lines_until(process, "Uvicorn running on")
        assert "Starting server on 127.0.0.1:0" in lines[0]
        url = re.search(r"http://127\.0\.0\.1:\d+", lines[-1])
        assert url
        lines_until(process, "Application startup complete")
        with urllib.request.urlopen(f"{url[0]}/health", timeout=PATIENCE_S) as answer:
            assert answer.read() == b'{"status":"ok"}'
        with urllib.request.urlopen(f"{url[0]}/openapi.json", timeout=PATIENCE_S) as answer:
            assert json.load(answer)["servers"] == [{"url": "/models/x"}]
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) in {0, -signal.SIGTERM}
        assert "Traceback" not in process.stdout.read()


@pytest.mark.parametrize("command", [[sys.executable, MAIN], SERVER], ids=["main.py", "uvicorn"])
def test_wrong_configuration_is_one_message_and_exit_code_78(command):
    with running(command, API_PORT="hello") as process:
        output, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 78
    assert "environment API_PORT: api_port: " in output
    assert "Traceback" not in output
    assert "hello" not in output


def test_host_that_cannot_be_had_is_one_line_and_exit_code_78():
    with running([sys.executable, MAIN], API_HOST="[::1]", API_PORT="0") as process:
        output, _ = process.communicate(timeout=20)
    assert process.returncode == 78
    assert "ERROR - api_host [::1], api_port 0: cannot listen on this address: " in output
    assert "Traceback" not in output


def test_debug_turns_hot_reload_on():
    variables = {"API_PORT": "0", "API_HOST": "127.0.0.1", "DEBUG": "true"}
    with running([sys.executable, MAIN], **variables) as process:
        lines_until(process, "Started reloader process")
        lines_until(process, "Loaded model")
        os.utime(MAIN)
        lines_until(process, "Reloading")
        lines_until(process, "Loaded model")
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE_S)


def test_model_that_cannot_be_loaded_ends_the_service():
    script = (
        f"import sys; sys.path.insert(0, {str(MAIN.parent.parent)!r}); sys.argv = ['x']\n"
        "from src.models import base, loading\n"
        "class Broken(base.Model):\n"
        "    model_name, version = 'broken', '1'\n"
        "    def load(self): raise FileNotFoundError('model.onnx')\n"
        "    def predict(self, input_data: str) -> str: return ''\n"
        "loading.import_own = lambda _: type('M', (), {'Broken': Broken})\n"
        "from src.main import main; main()\n"
    )
    variables = {"MODEL__IMPLEMENTATION": "any:Broken", "API_PORT": "0", "API_HOST": "127.0.0.1"}
    with running([sys.executable, "-c", script], **variables) as process:
        output, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 78
    assert "CRITICAL - The model cannot be loaded: model.onnx" in output
