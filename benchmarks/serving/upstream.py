"""The slow server that a model calls: a process of its own, on the core of the load."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.serving.workload import PEERS, Workload
from benchmarks.subjects import free_port

SCRIPT = PEERS / "upstream" / "server.py"


@contextmanager
def running(workload: Workload, core: int) -> Iterator[dict[str, str]]:
    """Run it until the block ends, if the model needs it; yield the variables with its address."""
    if not workload.needs_upstream:
        yield {}
        return
    port = free_port()
    command = ["taskset", "--cpu-list", str(core), sys.executable, str(SCRIPT), str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as process:
        try:
            assert process.stdout
            process.stdout.readline()  # it listens
            yield {"BENCH_UPSTREAM": f"http://127.0.0.1:{port}"}
        finally:
            process.terminate()
