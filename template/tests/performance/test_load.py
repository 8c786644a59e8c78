"""Starts the service, puts load on it, and holds it to the budget of `locustfile.py`."""

import os
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
SECONDS = os.environ.get("LOAD_TEST_SECONDS", "5")
START_SECONDS = 120
# Without its cache, or one input would be predicted once.
SERVICE = {"API_HOST": "127.0.0.1", "API_PORT": "0", "LOG_LEVEL": "INFO", "MODEL__CACHE_SIZE": "0"}
ENVIRONMENT = {**os.environ, "PYTHONUNBUFFERED": "1", **SERVICE}


def test_latency_stays_within_budget(tmp_path: Path) -> None:
    service = [sys.executable, str(HERE.parents[1] / "src" / "main.py")]
    with (tmp_path / "service.log").open("w") as log:
        process = subprocess.Popen(service, env=ENVIRONMENT, stdout=log, stderr=log)
        try:
            locust = [sys.executable, "-m", "locust", "--locustfile", str(HERE / "locustfile.py")]
            options = ["--headless", "--users", "10", "--spawn-rate", "10", "--run-time"]
            host = ["--host", wait_until_ready(process, tmp_path / "service.log")]
            done = subprocess.run([*locust, *options, f"{SECONDS}s", *host], check=False)
        finally:
            process.terminate()
            process.wait()
    assert done.returncode == 0


def wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> str:
    """Wait until the model is loaded; give the service's address."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if url := re.search(r"running on (http://\S+)", log.read_text()):
            try:
                urllib.request.urlopen(f"{url[1]}/ready", timeout=5).close()
            except OSError:
                pass  # not ready yet
            else:
                return url[1]
        time.sleep(0.05)
    raise RuntimeError(log.read_text())
