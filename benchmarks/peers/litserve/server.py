"""LitServe, one worker; with `BENCH_VARIANT=batched` it collects requests."""

import os
from typing import Any

import litserve
from predictors import load
from serve import serve


class OneByOne(litserve.LitAPI):
    """A server that decodes, predicts and encodes one request at a time."""

    def setup(self, device: str) -> None:  # noqa: ARG002  (what LitServe calls)
        """Load the model."""
        self.predictor = load()

    def decode_request(self, request: dict[str, Any]) -> Any:
        """Return the input of the request."""
        return request["input"]

    def predict(self, x: Any) -> Any:
        """Predict for one input."""
        return self.predictor.predict(x)

    def encode_response(self, output: Any) -> dict[str, Any]:
        """Return the body of the response."""
        return {"prediction": output}


class Batched(OneByOne):
    """A server that predicts for requests that arrive within a time window."""

    def predict(self, x: list[Any]) -> list[Any]:
        """Predict for a batch."""
        return self.predictor.predict_batch(x)

    def batch(self, inputs: list[Any]) -> list[Any]:
        """Keep the inputs a list, which is what the model takes."""
        return inputs

    def unbatch(self, output: list[Any]) -> list[Any]:
        """Return one output per input."""
        return output


if __name__ == "__main__":
    batched = os.environ["BENCH_VARIANT"] == "batched"
    serve(Batched(max_batch_size=64, batch_timeout=0.005) if batched else OneByOne())
