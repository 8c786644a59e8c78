"""FastAPI: a route whose body is a picture; the baseline runs the model in Starlette's threads."""

import os

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from predictors import load

predictor = load()
app = FastAPI()


async def predict_in_a_thread(request: Request) -> dict[str, int]:
    """Predict in a thread of Starlette's pool."""
    content = await request.body()
    return {"prediction": await run_in_threadpool(predictor.predict, content)}


async def predict_on_the_loop(request: Request) -> dict[str, int]:
    """Predict on the event loop, where nothing else is served meanwhile."""
    return {"prediction": predictor.predict(await request.body())}


in_thread = os.environ.get("BENCH_VARIANT") == "thread"
app.post("/predict")(predict_in_a_thread if in_thread else predict_on_the_loop)
