"""The limit: an ASGI app that reads JSON, predicts and writes JSON, without anything else."""

import json

from exchange import read, write
from predictors import load

predictor = load()


async def app(scope, receive, send):
    """Predict on the event loop, whatever the path."""
    if scope["type"] == "http":
        payload = json.loads(await read(receive))
        answer = {"prediction": predictor.predict(payload["input"])}
        await write(send, json.dumps(answer).encode())
