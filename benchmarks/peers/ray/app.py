"""Ray Serve, one replica; with `BENCH_VARIANT=batched` it collects requests by `@serve.batch`."""

import os
import signal
import tempfile
from typing import Any

import ray
from predictors import load
from ray import serve
from ray.serve.schema import LoggingConfig
from starlette.requests import Request

quiet = LoggingConfig(log_level="WARNING", enable_access_log=False)
one_replica: dict[str, Any] = {
    "num_replicas": 1,
    "max_ongoing_requests": 256,
    "ray_actor_options": {"num_cpus": 1},
    "logging_config": quiet,
}


@serve.deployment(**one_replica)
class OneByOne:
    """A replica that predicts on the event loop."""

    def __init__(self) -> None:
        self.predictor = load()

    async def __call__(self, request: Request) -> dict[str, Any]:
        """Predict for one input."""
        payload = await request.json()
        return {"prediction": self.predictor.predict(payload["input"])}


@serve.deployment(**one_replica)
class Batched:
    """A replica that predicts for concurrent requests in batches."""

    def __init__(self) -> None:
        self.predictor = load()

    @serve.batch(max_batch_size=64, batch_wait_timeout_s=0.001)
    async def predict(self, inputs: list[Any]) -> list[Any]:
        """Predict for a batch."""
        return self.predictor.predict_batch(inputs)

    async def __call__(self, request: Request) -> dict[str, Any]:
        """Add the request to a batch."""
        payload = await request.json()
        return {"prediction": await self.predict(payload["input"])}


if __name__ == "__main__":
    batched = os.environ["BENCH_VARIANT"] == "batched"
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        ray.init(
            num_cpus=1,
            include_dashboard=False,
            object_store_memory=100_000_000,
            _node_ip_address="127.0.0.1",
            _temp_dir=tempfile.gettempdir(),
        )
        serve.start(
            http_options={"host": "127.0.0.1", "port": int(os.environ["BENCH_PORT"])},
            logging_config=quiet,
        )
        serve.run((Batched if batched else OneByOne).bind(), route_prefix="/predict")
        signal.pause()
    except KeyboardInterrupt:
        serve.shutdown()
    finally:
        ray.shutdown()
