"""Other work on the machine, which distorts measurements."""

import os
import time
from pathlib import Path

from benchmarks.serving import processes


class Others:
    """The share of a core that other work takes, from the creation of this object on."""

    def __init__(self) -> None:
        self._began, self._busy, self._own = time.monotonic(), _busy_seconds(), self._own_seconds()

    def share(self) -> float:
        """Return the share of a core used by anything but this process and those it started."""
        busy, own = _busy_seconds() - self._busy, self._own_seconds() - self._own
        return max(0.0, busy - own) / (time.monotonic() - self._began)

    @staticmethod
    def _own_seconds() -> float:
        """Return the time of those that live, and of those that this process has waited for."""
        return sum(os.times()[2:4]) + processes.seconds(processes.family(os.getpid()))


def _busy_seconds() -> float:
    """Return the time that all cores were busy since the start of the system."""
    first, *_ = Path("/proc/stat").read_text("utf-8").splitlines()
    user, nice, system, _idle, _waiting, *rest = (int(text) for text in first.split()[1:9])
    return (user + nice + system + sum(rest)) / os.sysconf("SC_CLK_TCK")
