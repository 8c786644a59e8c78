"""What the system tells of a running service: processes, memory, log, metrics."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tools.service import Service

from .client import get

T = TypeVar("T")
MB = 1024  # `/proc` counts kilobytes


def wait_for(look: Callable[[], T], seconds: float = 10) -> T:
    """Look again and again until there is something; fail after so many seconds."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)
    return found


def log_lines(service: Service, *words: str) -> list[str]:
    """Give the lines of the log so far that have all these words."""
    lines = service.log.read_text("utf-8", errors="replace").splitlines()
    return [line for line in lines if all(word in line for word in words)]


def wait_for_line(service: Service, *words: str) -> list[str]:
    return wait_for(lambda: log_lines(service, *words), 2)


def metric(service: Service, series: str) -> float:
    """Give the number behind `name{label="value"}` on `/metrics`, 0 where there is none."""
    text = get(service, "/metrics").body.decode()
    found = re.search(rf"^{re.escape(series)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0


def memory(pid: int) -> float:
    """Give the memory of a process in MB."""
    return _status(pid, "VmRSS") / MB


def peak_memory(pid: int) -> float:
    """Give the most memory that a process ever had, or had since `forget_peak`, in MB."""
    return _status(pid, "VmHWM") / MB


def forget_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def workers(service: Service) -> set[int]:
    """Give the processes that a supervisor has started to serve."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            command = (folder / "cmdline").read_bytes()
        except (OSError, IndexError):
            continue  # it just ended
        if parent == service.process.pid and b"spawn_main" in command:
            found.add(int(folder.name))
    return found


def _status(pid: int, name: str) -> int:
    found = re.search(
        rf"^{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE
    )
    assert found
    return int(found[1])
