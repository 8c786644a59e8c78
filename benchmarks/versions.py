"""`python -m benchmarks.versions`: what a slow model, and a slow shadow, cost a fast one.

Two services run at the same time; in turns, a window each, round after round: the fast model alone;
beside it, in the same service, a slow one under load; with a slow shadow for every request. A ratio
is that of two windows of the same round.
"""

import argparse
import http.client
import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

from benchmarks.serving import environments
from benchmarks.serving.progress import say
from benchmarks.serving.rendering import Projects
from tools.service import Service, running

MODEL = 'model: {name: fast, implementation: "pair_model:FastModel", cache_size: 0}'
PAIR = f"""{MODEL}
models:
  fast: {{}}
  slow: {{implementation: "pair_model:SlowModel"}}
"""
SHADOWED = f"""{MODEL}
models:
  fast:
    serve: "1"
    shadow: {{"2": 1}}
    versions: {{"1": {{}}, "2": {{implementation: "pair_model:SlowModel"}}}}
"""
FAST, SLOW = "/models/fast/predict", "/models/slow/predict"
CLIENTS, SLOW_CLIENTS = 4, 16
PAUSE_S = 0.002  # of each client between two requests, so that the processor is not used up


def send(service: Service, path: str, ends: threading.Event, times: list[float]) -> None:
    """Send requests until the window ends; note the time of each response."""
    host = service.url.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=60)
    body, headers = json.dumps({"input": "text"}), {"Content-Type": "application/json"}
    while not ends.is_set():
        began = time.perf_counter()
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        response.read()
        assert response.status == 200, f"{path}: {response.status}"
        times.append(time.perf_counter() - began)
        time.sleep(PAUSE_S)
    connection.close()


@contextmanager
def load(service: Service, path: str, clients: int, times: list[float]) -> Iterator[None]:
    """Keep clients busy for a block."""
    ends = threading.Event()
    threads = [
        threading.Thread(target=send, args=(service, path, ends, times)) for _ in range(clients)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ends.set()
        for thread in threads:
            thread.join()


def p99(service: Service, seconds: float, slow: int = 0) -> float:
    """Return the 99th percentile of the fast model in milliseconds, beside clients of the slow."""
    times: list[float] = []
    with load(service, SLOW, slow, []), load(service, FAST, CLIENTS, times):
        time.sleep(seconds)
    return quantiles(times, n=100)[98] * 1000


def main() -> None:
    """Measure, and print the ratios."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.versions")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4)
    options = parser.parse_args()
    with TemporaryDirectory(prefix="bench-") as name:
        folder, projects = Path(name), Projects(Path(name))
        project = projects.project()
        python = str(environments.ensure(environments.FASTAPI, project) / "python")
        with (
            serve(python, project, folder, PAIR) as pair,
            serve(python, project, folder, SHADOWED) as shadowed,
        ):
            measure(pair, shadowed, options.rounds, options.seconds)


@contextmanager
def serve(python: str, project: Path, folder: Path, config: str) -> Iterator[Service]:
    """Run a service with a configuration."""
    file = folder / f"{abs(hash(config))}.yaml"
    file.write_text(config, "utf-8")
    env = {"PATH": os.environ["PATH"], "CONFIG_PATH": str(file), "HARDENING__DRAIN_S": "0"}
    command = [python, "src/main.py"]
    with running(command, cwd=project, env=env, log=file.with_suffix(".log")) as service:
        yield service


def measure(pair: Service, shadowed: Service, rounds: int, seconds: float) -> None:
    """Print the medians and the ratios."""
    rows: list[tuple[float, float, float]] = []
    for number in range(rounds + 1):
        say(f"round {number} of {rounds}")
        row = p99(pair, seconds), p99(pair, seconds, SLOW_CLIENTS), p99(shadowed, seconds)
        rows += [row] if number else []  # the first warms up
    alone, beside, shadow = ([row[column] for row in rows] for column in range(3))
    print(f"p99 of the fast model alone: {median(alone):.2f} ms")
    print(f"beside a slow one under load: {_ratio(beside, alone):.2f} times (goal 1.5)")
    print(f"with a slow shadow of each request: {_ratio(shadow, alone):.2f} times (goal 1.05)")


def _ratio(one: list[float], other: list[float]) -> float:
    return median(a / b for a, b in zip(one, other, strict=True))


if __name__ == "__main__":
    main()
