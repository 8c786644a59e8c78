"""BentoML, one worker: an async API."""

import bentoml
from predictors import load
from settings import SETTINGS


@bentoml.service(**SETTINGS)
class Upstream:
    """A service that awaits the client of the upstream."""

    def __init__(self) -> None:
        self.predictor = load()

    @bentoml.api
    async def predict(self, input: str) -> dict[str, str]:  # noqa: A002  (a field of the JSON)
        """Predict for one input."""
        return {"prediction": await self.predictor.predict(input)}
