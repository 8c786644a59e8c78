"""Starts reference servers in threads, and the suite against them in its own environment."""

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Thread
from typing import NamedTuple

from conformance.__main__ import ENVIRONMENT, REQUIREMENTS, VARIABLES
from tests.conformance.models import ECHO
from tests.conformance.server import Server
from tools.managers import ROOT, ensure_environment

SUITE = ROOT / "conformance"
POLL_S = 1


class Run(NamedTuple):
    """What one run of the suite said."""

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
    """Serve each of these faults in a thread, and give the addresses."""
    servers = [Server(fault) for fault in faults]
    for server in servers:  # a hundred that look every moment whether to end would take a core
        Thread(target=server.serve_forever, args=(POLL_S,), daemon=True).start()
    yield [server.url for server in servers]
    with ThreadPoolExecutor(len(servers)) as pool:
        list(pool.map(Server.shutdown, servers))
    for server in servers:
        server.server_close()


def run_all(folder, jobs):
    """Run the suite for each `(fault, model, arguments)` by name; give the runs by name.

    All run from one process that has imported what takes its time.
    """
    python = ensure_environment(ENVIRONMENT, REQUIREMENTS) / "python"
    with serving([fault for fault, _, _ in jobs.values()]) as urls:
        starts = [
            (
                [str(SUITE), f"--rootdir={SUITE}", f"-c{SUITE}/pytest.ini",
                 f"--url={url}", f"--model={model}",
                 f"--results={folder / name}.json", *more],
                f"{folder / name}.log",
            )
            for url, (name, (_, model, more)) in zip(urls, jobs.items(), strict=True)
        ]  # fmt: skip
        done = subprocess.run(
            [python, ROOT / "tests/conformance/many.py"], cwd=ROOT, env=os.environ | VARIABLES,
            input=json.dumps(starts), text=True, capture_output=True, check=True, timeout=600,
        )  # fmt: skip
    codes = json.loads(done.stdout)
    return {
        name: Run(code, (folder / f"{name}.log").read_text("utf-8"), _results(folder, name))
        for name, code in zip(jobs, codes, strict=True)
    }


def run_suite(url, model, folder):
    """Run the suite once, in a process of its own."""
    python = ensure_environment(ENVIRONMENT, REQUIREMENTS) / "python"
    command = [
        python, "-m", "conformance", f"--url={url}", f"--model={model}",
        f"--results={folder}/results.json",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    return Run(done.returncode, done.stdout + done.stderr, _results(folder, "results"))


def _results(folder, name):
    file = folder / f"{name}.json"
    return json.loads(file.read_text("utf-8")) if file.exists() else {}


def request_file(folder):
    """Write a request that the model `echo` accepts."""
    values = {"BOOL": [True, False], "BYTES": ["a", "b"]}
    inputs = [
        {"name": name, "datatype": datatype, "shape": [1, 2], "data": values.get(datatype, [1, 2])}
        for name, (datatype, _) in ECHO.items()
    ]
    file = folder / "request.json"
    file.write_text(json.dumps({"inputs": inputs}), "utf-8")
    return file
