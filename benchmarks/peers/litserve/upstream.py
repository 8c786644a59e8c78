"""LitServe: an async API, whose worker runs several requests at the same time."""

from typing import Any

from serve import serve
from server import OneByOne


class Upstream(OneByOne):
    """A server that awaits the client of the upstream."""

    async def decode_request(self, request: dict[str, Any]) -> Any:
        """Return the input of the request."""
        return request["input"]

    async def predict(self, x: Any) -> Any:
        """Predict for one input."""
        return await self.predictor.predict(x)

    async def encode_response(self, output: Any) -> dict[str, Any]:
        """Return the body of the response."""
        return {"prediction": output}


if __name__ == "__main__":
    serve(Upstream(enable_async=True))
