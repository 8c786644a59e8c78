"""Row 35: no file descriptors left."""

import resource
import time
from pathlib import Path

import pytest

from .client import Client, get, post
from .process import log_lines, wait_for


@pytest.mark.row(35)
def test_service_without_file_descriptors_recovers(serve):
    with serve() as service:
        pid = service.process.pid
        open_now = len([*Path(f"/proc/{pid}/fd").iterdir()])
        limits = resource.prlimit(pid, resource.RLIMIT_NOFILE, (open_now + 5, open_now + 5))
        before, started = cpu_seconds(pid), time.monotonic()
        clients = [Client(service) for _ in range(50)]
        wait_for(lambda: time.monotonic() - started > 1)
        assert cpu_seconds(pid) - before < 0.5, "it must not spin"
        for client in clients:
            client.socket.close()
        wait_for(lambda: serves(service))
        assert resource.prlimit(pid, resource.RLIMIT_NOFILE)[0] < limits[0]
        assert len(log_lines(service)) < 100, "no flood of the log"
        assert post(service, "/predict", {"input": "good"}).status == 200


def cpu_seconds(pid):
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / 100


def serves(service):
    try:
        return get(service, "/health").status == 200
    except OSError:
        return False
