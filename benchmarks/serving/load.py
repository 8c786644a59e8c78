"""Load: one window of wrk, which sends different bodies in turn over keep-alive connections."""

import re
import subprocess
from pathlib import Path
from typing import NamedTuple

from benchmarks.serving.server import Server
from benchmarks.serving.workload import Workload

SCRIPT = Path(__file__).with_name("rotate.lua")
TIMEOUT_SECONDS = 10


class Window(NamedTuple):
    """Figures of wrk: requests a second, milliseconds, responses that were missing or not 2xx."""

    rate: float
    p50: float
    p99: float
    errors: int


def write_bodies(server: Server, workload: Workload, folder: Path) -> Path:
    """Write the requests for a server, one after the other, in the format of the script."""
    path = folder / f"{workload.name}-{server.system.key}.bodies"
    with path.open("wb") as file:
        for body in map(server.system.format.request, workload.inputs):
            head = "".join(f"{name}: {value}\t" for name, value in body.headers.items())
            file.write(f"{head}{len(body.content)}\n".encode() + body.content)
    return path


def window(server: Server, bodies: Path, *, core: int, connections: int, seconds: int) -> Window:
    """Load a server for some seconds from another core."""
    wrk = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", f"--timeout={TIMEOUT_SECONDS}s"]
    url = f"http://127.0.0.1:{server.port}{server.system.format.path}"
    command = ["taskset", "--cpu-list", str(core), *wrk, "-s", str(SCRIPT), url, "--", str(bodies)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"^RESULT (\S+) (\S+) (\S+) (\d+)$", done.stdout, re.MULTILINE)
    if found is None:  # it could not connect
        return Window(0, 0, 0, 1)
    rate, p50, p99 = (float(text) for text in found.groups()[:3])
    return Window(rate, p50, p99, int(found[4]) if rate else max(1, int(found[4])))
