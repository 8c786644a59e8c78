"""Starlette alone: routing, without validation."""

from predictors import load
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

predictor = load()


async def predict(request: Request) -> JSONResponse:
    """Predict on the event loop."""
    payload = await request.json()
    return JSONResponse({"prediction": predictor.predict(payload["input"])})


app = Starlette(routes=[Route("/predict", predict, methods=["POST"])])
