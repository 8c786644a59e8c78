"""BentoML, one worker; with `BENCH_VARIANT=batched` it batches adaptively."""

import os

import bentoml
from predictors import PREDICTORS, load
from settings import SETTINGS

kind = PREDICTORS[os.environ["BENCH_MODEL"]]
Input, Output = kind.input_type, kind.output_type


@bentoml.service(**SETTINGS)
class OneByOne:
    """A service that predicts on the event loop."""

    def __init__(self) -> None:
        self.predictor = load()

    @bentoml.api
    async def predict(self, input: Input) -> dict[str, Output]:  # noqa: A002  (a field of the JSON)
        """Predict for one input."""
        return {"prediction": self.predictor.predict(input)}


@bentoml.service(**SETTINGS)
class Batched:
    """A service that predicts for concurrent requests in batches."""

    def __init__(self) -> None:
        self.predictor = load()

    @bentoml.api(batchable=True, max_batch_size=64, max_latency_ms=10_000)
    async def predict(self, inputs: list[Input]) -> list[Output]:
        """Predict for a batch."""
        return self.predictor.predict_batch(inputs)
