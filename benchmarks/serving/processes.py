"""The processes of a server: found in /proc, measured, ended."""

import contextlib
import os
import re
import signal
from pathlib import Path
from typing import NamedTuple


class Process(NamedTuple):
    """A process by its number and start time: a number may be reused, with another start time."""

    pid: int
    started: str


def family(root: int) -> set[Process]:
    """Return a process and all its descendants."""
    everyone = {process: parent for process, parent in map(_read, _pids()) if process.started}
    found = {process for process in everyone if process.pid == root}
    while True:
        pids = {process.pid for process in found}
        more = {process for process, parent in everyone.items() if parent in pids} - found
        if not more:
            return found
        found |= more


def megabytes(processes: set[Process]) -> float:
    """Return the memory of processes, with shared memory counted once (PSS)."""
    total = 0
    for process in processes:
        with contextlib.suppress(OSError):  # ended meanwhile
            text = Path(f"/proc/{process.pid}/smaps_rollup").read_text("utf-8")
            if found := re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE):
                total += int(found[1])
    return total / 1024


def seconds(processes: set[Process]) -> float:
    """Return the processor time that the processes have used."""
    ticks = 0
    for process in processes:
        with contextlib.suppress(OSError):  # ended meanwhile
            ticks += sum(int(text) for text in _fields(process.pid)[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


def cores(processes: set[Process]) -> set[int]:
    """Return the cores on which the processes, with all their threads, may run."""
    found: set[int] = set()
    for process in processes:
        with contextlib.suppress(OSError):  # ended meanwhile
            for thread in Path(f"/proc/{process.pid}/task").iterdir():
                found |= os.sched_getaffinity(int(thread.name))
    return found


def kill(processes: set[Process]) -> None:
    """End those of the processes that are still there."""
    for process in processes:
        if _read(process.pid)[0] == process:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _read(pid: int) -> tuple[Process, int]:
    """Return a process and its parent; without a start time if the process does not exist."""
    try:
        fields = _fields(pid)
    except OSError:
        return Process(pid, ""), 0
    return Process(pid, fields[19]), int(fields[1])


def _fields(pid: int) -> list[str]:
    """Return the fields of /proc/<pid>/stat from the state on (field 3 in proc(5))."""
    stat = Path(f"/proc/{pid}/stat").read_text("utf-8", errors="replace")
    return stat.rpartition(")")[2].split()  # a name may have spaces and brackets
