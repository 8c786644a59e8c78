"""Metrics of the serving processes: memory, processor time, open files."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from prometheus_client import CollectorRegistry, Metric, ProcessCollector
from prometheus_client.registry import Collector

OF_EACH = {"process_start_time_seconds", "process_max_fds"}  # the minimum counts


class ProcessesCollector(Collector):
    """Add up the client library's metrics of each process."""

    def __init__(self, pids: Callable[[], Iterable[int]]) -> None:
        self._pids = pids

    def collect(self) -> Iterable[Metric]:
        """Return the sums over all processes; nothing on a system without `/proc`."""
        together: dict[str, Metric] = {}
        for pid in self._pids():
            for metric in _metrics_of(pid):
                other = together.setdefault(metric.name, metric)
                if other is not metric:
                    join = min if metric.name in OF_EACH else sum
                    values = [m.samples[0].value for m in (metric, other)]
                    other.samples = [other.samples[0]._replace(value=join(values))]
        return together.values()


def _metrics_of(pid: int) -> Iterable[Metric]:
    return ProcessCollector(pid=lambda: pid, registry=CollectorRegistry()).collect()


def workers() -> set[int]:
    """Return the ids of the processes that share metrics; some may have ended."""
    files = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]).glob("*_*.db")
    return {int(file.stem.rpartition("_")[2]) for file in files}
