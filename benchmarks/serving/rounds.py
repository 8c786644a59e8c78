"""Rounds: every server gets a window of load, round after round."""

import time
from pathlib import Path

from benchmarks.serving import costs, load
from benchmarks.serving.catalogue.keys import OURS, PARSE_ONLY
from benchmarks.serving.others import Others
from benchmarks.serving.progress import say
from benchmarks.serving.results import Results, Sample, Start
from benchmarks.serving.server import Server, UnusableError
from benchmarks.serving.workload import Task
from benchmarks.serving.workspace import Workspace

PAUSE_SECONDS, PAUSES = 0.3, 20  # for requests in progress when a window ended
IDLE = 0.1  # of a core
WARM_UP_SECONDS = 1
DISTURBING = 0.05  # of a core


def measure_rounds(
    workspace: Workspace, task: Task, servers: list[Server], results: Results
) -> None:
    """Load servers, of which the first is the baseline, at each number of connections.

    Beside a server that is measured apart the baseline counts for the ratio alone: its own figures
    were measured when it was undisturbed.
    """
    name, options = task.workload.name, workspace.options
    counted = servers if not servers[-1].system.apart else servers[1:]
    if not counted:
        return
    pairs = [
        (server, load.write_bodies(server, task.workload, workspace.folder)) for server in servers
    ]
    others = Others()
    for connections in options.connections_of(name):
        for pair in pairs:  # by the same load, because adaptive batchers learn from it
            _window(workspace, *pair, connections, WARM_UP_SECONDS)
        for number in range(1, options.rounds + 1):
            say(f"  {connections} connections, round {number} of {options.rounds}")
            for server, sample in _round(workspace, pairs, connections):
                if server in counted:
                    results.samples[name, connections, server.system.key].append(sample)
            if connections == costs.BATCH and PARSE_ONLY in {s.system.key for s in servers}:
                results.item_seconds.append(costs.item_seconds(workspace, task))
    results.others.append(others.share())
    _measure_besides(name, counted, results)


def _round(
    workspace: Workspace, pairs: list[tuple[Server, Path]], connections: int
) -> list[tuple[Server, Sample]]:
    """Load each server once.

    Raises:
        UnusableError: The baseline no longer responds.
    """
    seconds = workspace.options.seconds
    seen = [_window(workspace, *pair, connections, seconds) for pair in pairs]
    servers, baseline = [server for server, _ in pairs], seen[0].rate
    if not baseline:
        raise UnusableError(f"{servers[0].system.title} no longer responds")
    samples = [Sample(window, window.rate / baseline) for window in seen]
    return list(zip(servers, samples, strict=True))


def _measure_besides(model: str, servers: list[Server], results: Results) -> None:
    """Measure what servers take besides time, once they have been under load."""
    if results.others[-1] > DISTURBING:
        say(f"  other work took {results.others[-1]:.0%} of a core meanwhile")
    for server in servers:
        key = server.system.key
        results.starts[model, key] = Start(server.cold_start, server.megabytes())
        if key == OURS and not results.scrape:
            results.scrape = costs.scrape(server)


def _window(
    workspace: Workspace, server: Server, bodies: Path, connections: int, seconds: int
) -> load.Window:
    window = load.window(
        server, bodies, core=workspace.load_core, connections=connections, seconds=seconds
    )
    _wait_until_idle(server)
    return window


def _wait_until_idle(server: Server) -> None:
    """Let a server finish what it has begun, which would slow down the next one."""
    for _ in range(1 if server.system.apart else PAUSES):  # those apart are never idle
        before = server.seconds()
        time.sleep(PAUSE_SECONDS)
        if server.seconds() - before < IDLE * PAUSE_SECONDS:
            break
