"""Find the capacity of one process: rates in steps, until the latency budget breaks.

    python -m tests.performance.capacity

Requests begin when they are due, whether or not earlier ones have a response (an open loop), at
random times, as those of independent clients. A latency counts from when the request was due: a
service that stalls delays all that become due meanwhile.
"""

import os
import random
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from gevent import sleep
from gevent.pool import Pool
from locust import FastHttpUser, task

from tests.performance import locustfile

FIRST, GROWTH, REFINEMENTS = 10.0, 2.0, 3  # requests a second; factor; halvings of the last step
SECONDS = float(os.environ.get("CAPACITY_STEP_SECONDS", "5"))
MOST_WAITING = 1000  # requests; if more wait, the service is beyond its capacity
LATE = 0.1  # of the budget: if requests begin so late, the load generator is at its limit


@dataclass
class Step:
    """Requests of one rate; times in milliseconds."""

    rate: float
    latencies: list[float] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    failed: int = 0

    @property
    def is_late(self) -> bool:
        """Whether requests began after they were due."""
        return p95(self.delays) > LATE * locustfile.BUDGET_MS

    @property
    def is_within_budget(self) -> bool:
        """Whether no request failed, and 95 of 100 were fast enough."""
        return not self.failed and p95(self.latencies) <= locustfile.BUDGET_MS

    def __str__(self) -> str:
        """Return a line of the table."""
        sent, slowest = len(self.latencies) / SECONDS, p95(self.latencies)
        return f"{self.rate:8.0f}/s {sent:8.0f}/s {slowest:10.1f} ms {self.failed:8} failed"


class OpenLoop(FastHttpUser):
    """Raises the rate of predictions until the budget breaks."""

    concurrency = MOST_WAITING

    def on_start(self) -> None:
        """Ask the service what its model takes."""
        self.example = locustfile.find_example(self.client)

    @task
    def climb(self) -> None:
        """Find the highest rate within the budget, and end the run."""
        print("     due         sent         p95")
        low, high = 0.0, FIRST
        self.send(FIRST)  # warms up connections
        while (broken := self.send(high)).is_within_budget:
            low, high = high, high * GROWTH
        for _ in range(REFINEMENTS if low else 0):
            step = self.send((low + high) / 2)
            if step.is_within_budget:
                low = step.rate
            else:
                high, broken = step.rate, step
        found = f"{'at least ' if broken.is_late else ''}{low:.0f} predictions a second"
        within = f"95 of 100 within {locustfile.BUDGET_MS:g} ms"
        print(f"Capacity of one process: {found}, {within}", flush=True)
        if broken.is_late:
            print("The load generator cannot send more: it has one process, too.")
        self.environment.process_exit_code = 0 if low else 1
        self.environment.runner.quit()

    def send(self, rate: float) -> Step:
        """Send requests at a rate, and wait for their responses."""
        step, pool = Step(rate), Pool(MOST_WAITING)
        due = time.perf_counter()
        end = due + SECONDS
        while due < end and pool.free_count():
            sleep(max(0, due - time.perf_counter()))
            step.delays.append((time.perf_counter() - due) * 1000)
            pool.spawn(self.predict, step, due)
            due += random.expovariate(rate)
        pool.join()
        step.failed += due < end  # too many were waiting
        print(step, flush=True)
        return step

    def predict(self, step: Step, due: float) -> None:
        """Send one request, whose time counts from when it was due."""
        body, name = {"input": self.example}, f"/predict, {step.rate:.0f} a second"
        with self.client.post("/predict", json=body, name=name, catch_response=True) as response:
            latency = (time.perf_counter() - due) * 1000
            response.request_meta["response_time"] = latency
            step.latencies.append(latency)
            step.failed += response.status_code != 200


def p95(times: list[float]) -> float:
    """Return the time that 95 of 100 do not exceed."""
    return sorted(times)[int(0.95 * (len(times) - 1))] if times else 0.0


if __name__ == "__main__":
    os.environ.setdefault("HARDENING__WORKERS", "1")
    from tests.performance.test_load import run_locust

    with TemporaryDirectory() as folder:
        options = ["--users", "1", "--only-summary"]
        sys.exit(run_locust("capacity.py", "capacity.html", Path(folder), options))
