"""The number of processors for this process: in a container fewer than the machine has."""

import os
import sys
from pathlib import Path
from typing import NamedTuple, Self

CGROUP = Path("/sys/fs/cgroup")


class CpuShare(NamedTuple):
    """Processors that a process may use, and those for each of its calls at the same time."""

    process: int
    call: int

    @classmethod
    def of(cls, workers: int = 1, calls: int = 1) -> Self:
        """Return the share of one of several processes, each with several calls at a time."""
        process = max(1, available_cpus() // workers)
        return cls(process, max(1, process // calls))


def available_cpus(cgroup: Path = CGROUP) -> int:
    """Return the number of processors that affinity and control group allow, at least 1.

    Half a processor counts as none: one thread more than the control group can run is stopped for
    most of each period, and the others wait for it.
    """
    if sys.platform == "linux":
        allowed = len(os.sched_getaffinity(0))
    else:
        allowed = os.cpu_count() or 1
    return max(1, min(allowed, int(_quota(cgroup) or allowed)))


def _quota(cgroup: Path) -> float | None:
    """Return the processors that the control group allows, of version 2 or 1; None if all."""
    try:
        quota, period = (cgroup / "cpu.max").read_text("ascii").split()
    except (OSError, ValueError):
        try:
            quota, period = (
                (cgroup / "cpu" / f"cpu.cfs_{name}_us").read_text("ascii")
                for name in ("quota", "period")
            )
        except OSError:
            return None
    try:
        share = float(quota) / float(period)
    except (ValueError, ZeroDivisionError):  # "max"
        return None
    return max(share, 1) if share > 0 else None  # version 1 has -1 for no limit
