"""Rounds: every server gets a window of load, round after round."""

import time
from pathlib import Path

from benchmarks.serving import costs, load
from benchmarks.serving.catalogue import OURS, PARSE_ONLY
from benchmarks.serving.others import Others
from benchmarks.serving.progress import say
from benchmarks.serving.results import Results, Sample, Start
from benchmarks.serving.server import Server, UnusableError
from benchmarks.serving.workload import Task
from benchmarks.serving.workspace import Workspace

PAUSE_SECONDS = 0.3  # for requests in progress when a window ended
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
    others = Others(servers)
    for connections in options.connections:
        for pair in pairs:  # by the same load, because adaptive batchers learn from it
            _window(workspace, *pair, connections, WARM_UP_SECONDS)
        for number in range(1, options.rounds + 1):
            say(f"  {connections} connections, round {number} of {options.rounds}")
            seen = [_window(workspace, *pair, connections, options.seconds) for pair in pairs]
            if not seen[0].rate:
                raise UnusableError(f"{servers[0].system.title} no longer responds")
            for server, window in zip(servers, seen, strict=True):
                if server in counted:
                    sample = Sample(window, window.rate / seen[0].rate)
                    results.samples[name, connections, server.system.key].append(sample)
            if connections == costs.BATCH and PARSE_ONLY in {s.system.key for s in servers}:
                results.item_seconds.append(costs.item_seconds(workspace, task))
    results.others.append(others.share())
    if results.others[-1] > DISTURBING:
        say(f"  other work took {results.others[-1]:.0%} of a core meanwhile")
    for server in counted:
        key = server.system.key
        results.starts[name, key] = Start(server.cold_start, server.megabytes())
        if key == OURS and not results.scrape:
            results.scrape = costs.scrape(server)


def _window(
    workspace: Workspace, server: Server, bodies: Path, connections: int, seconds: int
) -> load.Window:
    time.sleep(PAUSE_SECONDS)
    return load.window(
        server, bodies, core=workspace.load_core, connections=connections, seconds=seconds
    )
