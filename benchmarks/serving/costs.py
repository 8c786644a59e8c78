"""Costs that wrk does not measure: of an item in the model, of a scrape of the metrics."""

import http.client
import json
import subprocess
import time
from pathlib import Path
from statistics import median

from benchmarks.serving.results import Scrape
from benchmarks.serving.server import Server
from benchmarks.serving.workload import Task
from benchmarks.serving.workspace import Workspace

SCRIPT = Path(__file__).with_name("item_time.py")
BATCH, SCRAPES = 64, 20


def item_seconds(workspace: Workspace, task: Task) -> float:
    """Return the seconds per item of the rendered model in batches, on the servers' core."""
    command = [
        "taskset",
        "--cpu-list",
        str(workspace.server_core),
        str(workspace.python),
        str(SCRIPT),
    ]
    done = subprocess.run(
        command, cwd=workspace.projects.project(), env={**workspace.environment, **task.variables},
        input=json.dumps(task.workload.inputs), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return float(done.stdout)


def scrape(server: Server) -> Scrape:
    """Read the metrics of a server that has been under load."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    seconds, text = [], b""
    for _ in range(SCRAPES):
        began = time.perf_counter()
        connection.request("GET", "/metrics")
        text = connection.getresponse().read()
        seconds.append(time.perf_counter() - began)
    connection.close()
    return Scrape(median(seconds) * 1000, len(text))
