"""FastAPI: an `async def` route that awaits the client of the upstream; the baseline."""

from fastapi import FastAPI
from predictors import load
from pydantic import BaseModel

predictor = load()
app = FastAPI()


class Payload(BaseModel):
    """The body of a request."""

    input: str


class Answer(BaseModel):
    """The body of a response."""

    prediction: str


@app.post("/predict")
async def predict(payload: Payload) -> Answer:
    """Predict by the upstream."""
    return Answer(prediction=await predictor.predict(payload.input))
