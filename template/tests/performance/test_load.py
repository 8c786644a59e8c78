"""Starts the service, puts load on it, and holds it to the budget of `locustfile.py`."""

import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SECONDS = os.environ.get("LOAD_TEST_SECONDS", "5")


def test_latency_stays_within_budget() -> None:
    environment = {**os.environ, "API_HOST": "127.0.0.1", "API_PORT": "0", "PYTHONUNBUFFERED": "1"}
    service = [sys.executable, str(HERE.parents[1] / "src" / "main.py")]
    with subprocess.Popen(service, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            ready = (line for line in process.stdout if "Uvicorn running on" in line)
            url = re.search(r"http://\S+", next(ready))
            assert url
            locust = [sys.executable, "-m", "locust", "--locustfile", str(HERE / "locustfile.py")]
            options = [
                "--headless",
                "--users",
                "10",
                "--spawn-rate",
                "10",
                "--run-time",
                f"{SECONDS}s",
            ]
            # The service's lines must go somewhere, or it would wait for a reader.
            with subprocess.Popen(["cat"], stdin=process.stdout, stdout=subprocess.DEVNULL):
                done = subprocess.run([*locust, *options, "--host", url[0]], check=False)
                process.terminate()
        finally:
            process.kill()
    assert done.returncode == 0
