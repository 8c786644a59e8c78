"""Load on a running service, with a latency budget.

    locust --locustfile tests/performance/locustfile.py --headless --users 10 --run-time 10s \
        --host http://127.0.0.1:8000

Ends with exit code 1 when an answer failed or the budget was exceeded.
"""

import os
import sys
from typing import Any, ClassVar

from gevent import spawn_later  # comes with locust
from locust import FastHttpUser, constant, events, task

BUDGET_MS = float(os.environ.get("LATENCY_BUDGET_MS", "200"))  # for 95 of 100 predictions
SECONDS = float(os.environ.get("LOAD_TEST_SECONDS", "0"))  # from the first prediction on


class Client(FastHttpUser):
    """Predicts the model's own example, as the service describes it, over and over."""

    wait_time = constant(0.01)
    ends: ClassVar[bool] = False

    def on_start(self) -> None:
        """Ask the service what its model takes."""
        self.example = find_example(self.client)

    @task
    def predict(self) -> None:
        """Ask for one prediction."""
        self.client.post("/predict", json={"input": self.example})
        if SECONDS and not Client.ends:
            Client.ends = True
            spawn_later(SECONDS, self.environment.runner.quit)


def find_example(client: Any) -> Any:
    """Return the example of the model, so that this file outlives a change of model."""
    schema = client.get("/openapi.json").json()["components"]["schemas"]["PredictRequest"]
    field = schema["properties"]["input"]
    examples = field.get("examples", ["This is good"] if field.get("type") == "string" else [])
    if not examples:
        sys.exit("The load test sends the model's own example: give its class an `example`.")
    return examples[0]


@events.quitting.add_listener
def hold_to_budget(environment: Any, **_: Any) -> None:
    """Fail the run when it was too slow or anything failed."""
    if Client not in environment.user_classes:
        return  # of capacity.py
    predictions = environment.stats.get("/predict", "POST")
    p95 = predictions.get_response_time_percentile(0.95)
    print(f"{predictions.num_requests} predictions, p95 {p95} ms, budget {BUDGET_MS:g} ms")
    if not predictions.num_requests or environment.stats.total.num_failures or p95 > BUDGET_MS:
        environment.process_exit_code = 1
