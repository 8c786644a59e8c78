"""The system's view of a running service: processes, memory, log, metrics."""

import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tools.service import Service

from .client import Answer, get

T = TypeVar("T")
PATIENCE_S = 120  # as long as a busy machine may take; what a quiet one takes is not claimed by it
MB = 1024  # `/proc` counts kilobytes


def wait_for(look: Callable[[], T], seconds: float = PATIENCE_S) -> T:
    """Poll until there is a result; fail after so many seconds."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)
    return found


def log_lines(service: Service, *words: str) -> list[str]:
    """Return the lines of the log so far that have all these words."""
    lines = service.log.read_text("utf-8", errors="replace").splitlines()
    return [line for line in lines if all(word in line for word in words)]


def wait_for_line(service: Service, *words: str) -> list[str]:
    return wait_for(lambda: log_lines(service, *words))


def metric(service: Service, series: str) -> float:
    """Return the sum of all series in `/metrics` that match `name{label="value"}`."""
    text = get(service, "/metrics").body.decode()
    name, _, labels = series.removesuffix("}").partition("{")
    pattern = rf"^{re.escape(name)}(?:\{{(?:.*,)?{re.escape(labels)}(?:,.*)?\}})?"
    return sum(float(number) for number in re.findall(rf"{pattern} (\S+)$", text, re.MULTILINE))


def at_once(service: Service, seconds: float = 0.05) -> float:
    """Return what counts as at once: so many seconds, or more where the machine is busy.

    Measured at the same time, by responses of a service that is not under test load.
    """
    quiet = sorted(get(service, "/health").seconds for _ in range(5))
    return max(seconds, 10 * quiet[2])


QUICK_S = 0.025  # for `NAMES`; machines that are shared change their pace by half within minutes
NAMES = b"{" + b",".join(b'"%d":1' % number for number in range(100_000)) + b"}"


def crowding() -> float:
    """Return by how much all may take longer here: 1 on a quiet machine, more on a busy one."""
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    return load if load > cores else 1


def _seconds_of_names() -> float:
    """Return the processor time that a megabyte of names takes here and now, once parsed."""
    taken = []
    for _ in range(3):
        before = time.process_time()
        json.loads(NAMES)
        taken.append(time.process_time() - before)
    return sorted(taken)[1]


def processor_seconds(pid: int) -> float:
    """Return the processor time that a process has taken so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def send_quickly(
    service: Service, send: Callable[[], Answer], limit: float = 0.1
) -> tuple[list[Answer], float]:
    """Send until a response comes within the limit, four times at most; return the least seconds.

    They are those of the clock, or of the service's processor where others hold the machine; on a
    busy machine also the latter take longer, because those that run share cores and caches.
    """
    answers, least = list[Answer](), float("inf")
    while least > limit * crowding() and len(answers) < 4:
        time.sleep(0.1 * len(answers))  # a neighbour of this machine may take less in a moment
        before = processor_seconds(service.process.pid)
        answers.append(send())
        taken = processor_seconds(service.process.pid) - before
        least = min(least, answers[-1].seconds, taken)
    least /= crowding()
    if least > limit:
        least /= max(1.0, _seconds_of_names() / QUICK_S)
    return answers, least


def memory(pid: int) -> float:
    """Return the memory of a process in MB."""
    return _status(pid, "VmRSS") / MB


def peak_memory(pid: int) -> float:
    """Return the most memory that a process ever had, or had since `forget_peak`, in MB."""
    return _status(pid, "VmHWM") / MB


def forget_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def workers(service: Service) -> set[int]:
    """Return the processes that a supervisor has started to serve."""
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
