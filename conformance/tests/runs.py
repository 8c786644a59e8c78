"""Runs of the suite, in an installed form, against reference servers in threads."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import NamedTuple

from reference.models import ECHO
from reference.server import Server

TESTS = Path(__file__).parent
POLL_S = 1


class Run(NamedTuple):
    """Exit code, output and results of one run of the suite."""

    code: int
    printed: str
    results: dict

    @property
    def failing(self):
        return {name for name, result in self.results.items() if result["outcome"] == "fails"}

    @property
    def holding(self):
        return {name for name, result in self.results.items() if result["outcome"] == "holds"}


@contextmanager
def serving(faults):
    """Serve each of these faults in a thread and yield the URLs."""
    servers = [Server(fault) for fault in faults]
    for server in servers:  # a hundred that look every moment whether to end would take a core
        Thread(target=server.serve_forever, args=(POLL_S,), daemon=True).start()
    yield [server.url for server in servers]
    with ThreadPoolExecutor(len(servers)) as pool:
        list(pool.map(Server.shutdown, servers))
    for server in servers:
        server.server_close()


def run_all(folder, jobs):
    """Run the suite for each `(fault, model, arguments)` by name; return the runs by name.

    One process imports the slow libraries once and runs all of them in forks.
    """
    with serving([fault for fault, _, _ in jobs.values()]) as urls:
        starts = [
            (
                [f"--url={url}", f"--model={model}", f"--results={folder / name}.json", *more],
                f"{folder / name}.log",
            )
            for url, (name, (_, model, more)) in zip(urls, jobs.items(), strict=True)
        ]
        done = subprocess.run(
            [sys.executable, TESTS / "parallel_runs.py"], cwd=folder, input=json.dumps(starts),
            text=True, stdout=subprocess.PIPE, check=True, timeout=3000,
        )  # fmt: skip
    codes = json.loads(done.stdout)
    return {
        name: Run(code, (folder / f"{name}.log").read_text("utf-8"), _results(folder, name))
        for name, code in zip(jobs, codes, strict=True)
    }


def _results(folder, name):
    file = folder / f"{name}.json"
    return json.loads(file.read_text("utf-8")) if file.exists() else {}


def request_file(folder):
    """Write a request that the model `echo` accepts and return its path."""
    values = {"BOOL": [True, False], "BYTES": ["a", "b"]}
    inputs = [
        {"name": name, "datatype": datatype, "shape": [1, 2], "data": values.get(datatype, [1, 2])}
        for name, (datatype, _) in ECHO.items()
    ]
    file = folder / "request.json"
    file.write_text(json.dumps({"inputs": inputs}), "utf-8")
    return file
