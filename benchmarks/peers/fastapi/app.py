"""FastAPI as its tutorial writes it; `async def` is the baseline of every ratio."""

import os
from typing import Any

from fastapi import FastAPI
from predictors import load
from pydantic import BaseModel, create_model

predictor = load()
app = FastAPI()
Payload: Any = create_model("Payload", input=(predictor.input_type, ...))


class Answer(BaseModel):
    """The body of a response."""

    prediction: predictor.output_type


async def predict_on_the_loop(payload: Payload) -> Answer:
    """Predict on the event loop."""
    return Answer(prediction=predictor.predict(payload.input))


def predict_in_a_thread(payload: Payload) -> Answer:
    """Predict in a thread of Starlette's pool."""
    return Answer(prediction=predictor.predict(payload.input))


in_thread = os.environ.get("BENCH_VARIANT") == "def"
app.post("/predict")(predict_in_a_thread if in_thread else predict_on_the_loop)
