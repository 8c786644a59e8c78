"""Evaluate the model directly: read a JSON list of inputs, write a list of expected predictions."""

import asyncio
import json
import sys
from base64 import b64decode
from inspect import iscoroutinefunction

from predictors import load


async def together(predictor, inputs):
    """Return the predictions of a model that waits."""
    predictions = await asyncio.gather(*map(predictor.predict, inputs))
    await predictor.close()
    return predictions


if __name__ == "__main__":
    predictor, inputs = load(), json.load(sys.stdin)
    if predictor.input_type is bytes:
        inputs = [b64decode(text) for text in inputs]
    if iscoroutinefunction(predictor.predict):
        predictions = asyncio.run(together(predictor, inputs))
    else:
        predictions = [predictor.predict(input_data) for input_data in inputs]
    json.dump(predictions, sys.stdout)
