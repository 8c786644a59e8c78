"""Starts the service, puts load on it, and holds it to the budget of `locustfile.py`."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
SECONDS = os.environ.get("LOAD_TEST_SECONDS", "5")


def test_latency_stays_within_budget(tmp_path: Path) -> None:
    environment = {**os.environ, "API_HOST": "127.0.0.1", "API_PORT": "0", "PYTHONUNBUFFERED": "1"}
    service = [sys.executable, str(HERE.parents[1] / "src" / "main.py")]
    with (tmp_path / "service.log").open("w+") as log:
        process = subprocess.Popen(service, env=environment, stdout=log, stderr=log)
        try:
            locust = [sys.executable, "-m", "locust", "--locustfile", str(HERE / "locustfile.py")]
            options = ["--headless", "--users", "10", "--spawn-rate", "10", "--run-time"]
            host = ["--host", url_of(process, tmp_path / "service.log")]
            done = subprocess.run([*locust, *options, f"{SECONDS}s", *host], check=False)
        finally:
            process.terminate()
            process.wait()
    assert done.returncode == 0


def url_of(process: subprocess.Popen[bytes], log: Path) -> str:
    """Wait until the service says where it listens."""
    while process.poll() is None:
        if url := re.search(r"running on (http://\S+)", log.read_text()):
            return url[1]
        time.sleep(0.05)
    raise RuntimeError(log.read_text())
