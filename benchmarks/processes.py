"""`python -m benchmarks.processes`: a model in Python, in one and in two processes, and its peers.

All servers run at the same time and take turns under load, a window each, round after round. A
ratio is that of two windows of the same round. Two processors are needed that are otherwise idle;
the load itself takes little of them, because a call takes 20 ms.
"""

import argparse
import http.client
import os
import shutil
import time
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from threading import Thread

from benchmarks.serving import environments
from benchmarks.serving.catalogue.kinds import litserve, mlserver, ours
from benchmarks.serving.processes import family
from benchmarks.serving.progress import say
from benchmarks.serving.rendering import Projects
from benchmarks.serving.server import Server, UnusableError, running
from benchmarks.serving.system import System
from benchmarks.serving.workload import PEERS

FEATURES = '{"features": ["batching", "hardening", "metrics", "processes"]}'
ONE, TWO, INSIDE = "one process", "two processes", "in the process that serves"
CLIENTS = 8
HOP_CALLS = 1000
COMPARED = (
    (TWO, ONE, 1.7),
    (TWO, INSIDE, 1.7),
    (TWO, "LitServe, two workers", 2),
    (TWO, "MLServer, two workers", 1.5),
)


def systems() -> list[System]:
    """Return the systems; the command of the model is the same, but for the number of processes."""
    found = [
        ours(
            title, title, FEATURES,
            more={
                "MODEL__IMPLEMENTATION": "python_model:PythonModel",
                "MODEL__PROCESSES__COUNT": str(count),
            },
        )
        for count, title in enumerate((INSIDE, ONE, TWO))
    ]  # fmt: skip
    peer = litserve("LitServe, two workers", "LitServe, two workers")
    other = mlserver("MLServer, two workers", "MLServer, two workers")
    return [
        *found,
        replace(peer, variables={**peer.variables, "BENCH_WORKERS": "2"}),
        replace(other, variables={**other.variables, "MLSERVER_PARALLEL_WORKERS": "2"}),
    ]


def rate(server: Server, seconds: float) -> float:
    """Return the predictions a second under load."""
    counts = [0] * CLIENTS
    ends = time.perf_counter() + seconds

    def send(index: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        body = server.system.format.request(f"text {index}")
        while time.perf_counter() < ends:
            connection.request("POST", server.system.format.path, body.content, dict(body.headers))
            response = connection.getresponse()
            response.read()
            assert response.status == 200, f"{server.system.title}: {response.status}"
            counts[index] += 1
        connection.close()

    threads = [Thread(target=send, args=(index,)) for index in range(CLIENTS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - began)


def milliseconds(server: Server) -> float:
    """Return the median time of a request whose prediction takes none."""
    connection, taken = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30), []
    body = server.system.format.request("-")
    for _ in range(HOP_CALLS):
        began = time.perf_counter()
        connection.request("POST", server.system.format.path, body.content, dict(body.headers))
        connection.getresponse().read()
        taken.append(time.perf_counter() - began)
    connection.close()
    return median(taken) * 1000


def start(stack: ExitStack, projects: Projects, system: System, folder: Path) -> Server:
    """Start a server on all processors."""
    say(f"start {system.title}")
    project = projects.project(system.answers or FEATURES)
    peers = folder / "peers"  # some write where they run
    modules = ["without_uvloop", "common"] if system.folder == "mlserver" else ["common"]
    path = os.pathsep.join(str(peers / name) for name in modules)
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": path, "BENCH_MODEL": "python"}
    return stack.enter_context(
        running(
            system,
            # Of the default render, as in benchmarks/serving: other features, another environment.
            commands=environments.ensure(system.environment, projects.project()),
            folder=peers / system.folder if system.folder else project,
            env={**env, "HOME": str(folder), "TMPDIR": str(folder)},
            log=folder / f"{system.key}.log",
            core=",".join(map(str, sorted(os.sched_getaffinity(0)))),
            first=("text", checksum("text")),
        )
    )


def checksum(text: str) -> int:
    """Return what the model predicts."""
    found = len(text)
    for number in range(200_000):
        found = (found * 31 + number) & 0xFFFF
    return found


def main() -> None:
    """Measure, and print a table and the ratios."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.processes")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    options = parser.parse_args()
    with TemporaryDirectory(prefix="bench-") as name, ExitStack() as stack:
        folder = Path(name)
        shutil.copytree(PEERS, folder / "peers")
        projects = Projects(folder)
        servers = []
        for system in systems():
            try:
                servers.append(start(stack, projects, system, folder))
            except UnusableError as exc:
                say(f"left out, {system.title}: {str(exc).splitlines()[0]}")
        rates = defaultdict[str, list[float]](list)
        for number in range(options.rounds + 1):
            say(f"round {number} of {options.rounds}")
            for server in servers:
                seen = rate(server, options.seconds)
                rates[server.system.title] += [seen] if number else []  # the first warms up
        hops = {server.system.title: milliseconds(server) for server in servers}
        show(rates, hops, {s.system.title: len(family(s.process.pid)) for s in servers})


def show(rates: dict[str, list[float]], hops: dict[str, float], sizes: dict[str, int]) -> None:
    """Print what was measured."""
    print("| System | processes | predictions a second | ms of a request without a prediction |")
    print("| --- | --- | --- | --- |")
    for title, seen in rates.items():
        print(f"| {title} | {sizes[title]} | {median(seen):.0f} | {hops[title]:.2f} |")
    for one, other, least in COMPARED:
        if rates[one] and rates[other]:
            ratios = [a / b for a, b in zip(rates[one], rates[other], strict=True)]
            print(f"{one} / {other}: {median(ratios):.2f} (goal {least})")


if __name__ == "__main__":
    main()
