"""Requirements of a run on the machine, and the machine's description for the page."""

import os
import platform
import re
import shutil
from pathlib import Path

COMMANDS = {
    "wrk": "wrk makes the load: install it with the system's package manager (apt install wrk)",
    "taskset": "taskset pins processes to cores: install it (apt install util-linux)",
}


def missing() -> str | None:
    """Return a sentence about the first requirement that is missing; None if all are met."""
    if platform.system() != "Linux":
        return "This benchmark reads /proc and pins processes to cores, so it needs Linux."
    for command, advice in COMMANDS.items():
        if shutil.which(command) is None:
            return f"{advice}."
    if len(os.sched_getaffinity(0)) < 2:
        return "Two cores are needed, one for the server and one for the load; there is only one."
    return None


def cores() -> tuple[int, int]:
    """Return the core of the servers and the core of the load."""
    first, second = sorted(os.sched_getaffinity(0))[:2]
    return first, second


def about() -> str:
    """Describe the processor and the system."""
    info = Path("/proc/cpuinfo").read_text("utf-8")
    found = re.search(r"model name\s*:\s*(.+)", info)
    processor = found[1] if found else platform.machine()
    return f"{processor}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"
