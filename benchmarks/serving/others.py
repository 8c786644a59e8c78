"""Other work on the machine, which falsifies what is measured beside it."""

import os
import time
from pathlib import Path

from benchmarks.serving import processes
from benchmarks.serving.server import Server


class Others:
    """Sees what part of a core other work takes, from its creation on."""

    def __init__(self, servers: list[Server]) -> None:
        self._servers = servers
        self._began, self._busy, self._own = time.monotonic(), _busy_seconds(), self._own_seconds()

    def share(self) -> float:
        """Give the part of a core that was taken by anything but servers, load and this process."""
        busy, own = _busy_seconds() - self._busy, self._own_seconds() - self._own
        return max(0.0, busy - own) / (time.monotonic() - self._began)

    def _own_seconds(self) -> float:
        living = [processes.family(server.process.pid) for server in self._servers]
        return sum(os.times()[:4]) + sum(map(processes.seconds, living))


def _busy_seconds() -> float:
    """Give the time that all cores were busy since the start of the system."""
    first, *_ = Path("/proc/stat").read_text("utf-8").splitlines()
    user, nice, system, _idle, _waiting, *rest = (int(text) for text in first.split()[1:9])
    return (user + nice + system + sum(rest)) / os.sysconf("SC_CLK_TCK")
