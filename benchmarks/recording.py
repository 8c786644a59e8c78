"""`python -m benchmarks.recording`: what recordings cost, for all predictions and for 1 %.

Three services of the same render run at the same time and take turns under load, a window each,
round after round: without records, with one of 100, and with all of them. A ratio is that of two
windows of the same round. Processor time for a request counts the thread that writes, too, and
changes less with other work on the machine than throughput does.
"""

import argparse
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks.serving import environments, load
from benchmarks.serving.catalogue.kinds import ours
from benchmarks.serving.progress import say
from benchmarks.serving.rendering import Projects, variables
from benchmarks.serving.server import Server, running
from benchmarks.serving.workload import Task, prepare, workloads

FEATURES = '{"features": ["batching", "hardening", "metrics", "recording"]}'
SHARES, GOALS = (0.0, 0.01, 1.0), {0.01: 0.01, 1.0: 0.10}
CONNECTIONS = 16


class Figures(NamedTuple):
    """Figures of a window."""

    rate: float
    milliseconds: float
    """Processor time of a request."""


def main() -> None:
    """Measure, and print the costs of each model."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recording")
    parser.add_argument("--models", default="onnx", help="comma-separated: onnx, keyword, tfidf")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=4)
    options = parser.parse_args()
    with TemporaryDirectory(prefix="bench-") as name:
        projects = Projects(Path(name))
        # Of the default render, as in benchmarks/serving: other features, another environment.
        commands = environments.ensure(environments.FASTAPI, projects.project())
        maker = environments.ensure(environments.ARTIFACTS, projects.project()) / "python"
        for model in options.models.split(","):
            folder = Path(name) / model
            folder.mkdir()
            task = prepare(workloads()[model], maker, commands / "python", folder, {})
            with ExitStack() as stack:
                servers = dict(start(stack, projects, commands, task, folder))
                show(model, measure(servers, task, folder, options.rounds, options.seconds))


def start(
    stack: ExitStack, projects: Projects, commands: Path, task: Task, folder: Path
) -> Iterator[tuple[float, Server]]:
    """Start a service for each share, all on the same core."""
    for share in SHARES:
        records = folder / f"records-{share}"
        more = {"RECORDING__SAMPLE": str(share), "RECORDING__PATH": str(records)}
        system = ours(
            f"{share}", f"{share:.0%}", FEATURES, "INFO", more={**more, **variables(task.workload)}
        )
        server = running(
            system,
            commands=commands,
            folder=projects.project(FEATURES),
            env={"PATH": os.environ["PATH"], "HOME": str(folder), **task.variables},
            log=folder / f"{share}.log",
            core=max(os.sched_getaffinity(0)),
            first=(task.workload.inputs[0], task.right[0]),
        )
        yield share, stack.enter_context(server)


def measure(
    servers: dict[float, Server], task: Task, folder: Path, rounds: int, seconds: int
) -> dict[float, list[Figures]]:
    """Return the figures of each round, by share."""
    found: dict[float, list[Figures]] = {share: [] for share in SHARES}
    bodies = {s: load.write_bodies(servers[s], task.workload, folder) for s in SHARES}
    core = min(os.sched_getaffinity(0))
    for number in range(rounds + 1):
        say(f"round {number} of {rounds}")
        for share in SHARES if number % 2 else reversed(SHARES):
            server, before = servers[share], servers[share].seconds()
            window = load.window(
                server, bodies[share], core=core, connections=CONNECTIONS, seconds=seconds
            )
            assert not window.errors, f"{window.errors} errors at {share:.0%}"
            used = server.seconds() - before
            figures = Figures(window.rate, used / (window.rate * seconds) * 1000)
            found[share] += [figures] if number else []  # the first warms up
    return found


def show(model: str, found: dict[float, list[Figures]]) -> None:
    """Print what was measured."""
    for share, seen in found.items():
        rate, used = median(f.rate for f in seen), median(f.milliseconds for f in seen)
        print(f"{model}, {share:.0%}: {rate:.0f} requests a second, {used:.4f} ms of processor")
    base = found[0.0]
    for share, goal in GOALS.items():
        pairs = [*zip(found[share], base, strict=True)]
        slower = 1 - median(one.rate / none.rate for one, none in pairs)
        more = median(one.milliseconds / none.milliseconds for one, none in pairs) - 1
        text = f"{slower:+.1%} of throughput (goal {goal:.0%}), {more:+.1%} processor time"
        print(f"{model}, recording {share:.0%} costs {text}")


if __name__ == "__main__":
    main()
