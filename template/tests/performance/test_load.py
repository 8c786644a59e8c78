"""Start the service, send it requests, and check the latency budget of `locustfile.py`."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
REPORTS = PROJECT / "build"
START_SECONDS = 300  # for a large model, or a busy machine
# Without its cache, or one input would be predicted once.
SERVICE = {"API_HOST": "127.0.0.1", "API_PORT": "0", "LOG_LEVEL": "INFO", "MODEL__CACHE_SIZE": "0"}
ENVIRONMENT = {**os.environ, "PYTHONUNBUFFERED": "1", **SERVICE}
LOAD = {"LOAD_TEST_SECONDS": "5", **os.environ}


def test_latency_stays_within_budget(tmp_path: Path) -> None:
    if find_spec("locust") is None:
        pytest.fail("Locust is not installed: `make load-test` installs it.", pytrace=False)
    options = ["--users", "10", "--spawn-rate", "10"]
    assert run_locust("locustfile.py", "load-test.html", tmp_path, options) == 0


def run_locust(file: str, report: str, folder: Path, options: list[str]) -> int:
    """Start the service, put load on it, write a report with plots; return Locust's exit code."""
    service = [sys.executable, str(PROJECT / "src" / "main.py")]
    REPORTS.mkdir(exist_ok=True)
    with (folder / "service.log").open("w") as log:
        process = subprocess.Popen(
            service, env=ENVIRONMENT, stdout=log, stderr=log, start_new_session=True
        )
        try:
            locust = [sys.executable, "-m", "locust", "--headless", f"--locustfile={HERE / file}"]
            longest = ["--run-time", f"{START_SECONDS}s"]  # ends sooner, see locustfile.py
            host = ["--host", wait_until_ready(process, folder / "service.log")]
            command = [*locust, *options, *longest, *host, f"--html={REPORTS / report}"]
            done = subprocess.run(command, cwd=PROJECT, env=LOAD, check=False)
        finally:
            end(process)
    print(f"Report: {REPORTS / report}")
    return done.returncode


def end(process: subprocess.Popen[bytes]) -> None:
    """End the service and its workers, whatever they do."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(60)
    if sys.platform == "win32":
        process.kill()
    else:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> str:
    """Wait until the model is loaded; return the address of the service."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if url := re.search(r"running on (http://\S+)", log.read_text()):
            try:
                urllib.request.urlopen(f"{url[1]}/ready", timeout=START_SECONDS).close()
            except OSError:
                pass  # not ready yet
            else:
                return url[1]
        time.sleep(0.05)
    raise RuntimeError(log.read_text())
