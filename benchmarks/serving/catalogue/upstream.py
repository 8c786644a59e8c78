"""Systems in front of an upstream that takes 50 ms; all call it with the same client."""

from benchmarks.serving.catalogue.keys import BASELINE, OURS
from benchmarks.serving.catalogue.kinds import asgi, bentoml, litserve, mlserver, ours
from benchmarks.serving.environments import FASTAPI
from benchmarks.serving.formats import UPSTREAM
from benchmarks.serving.system import System

MODELS = ("upstream", "upstream-aiohttp")
CALLS = {"SERVICE__CONCURRENCY": "200"}  # by default 100 calls run, and 128 wait


def systems() -> list[System]:
    """Return every system."""
    command = ("{bin}/python", "server.py", "{port}")
    return [
        asgi(
            BASELINE, "FastAPI, `async def`", "FastAPI", "fastapi", "upstream:app", models=MODELS
        ),
        System(
            "upstream", "the upstream alone", "upstream", FASTAPI, command, {}, UPSTREAM, MODELS,
            "upstream",
        ),
        ours(OURS, "**this template**", level="INFO", models=MODELS, more=CALLS),
        ours("ours-warning", "… `LOG_LEVEL=WARNING`", models=MODELS, more=CALLS),
        ours("ours-100", "**this template**, 100 calls at a time", level="INFO", models=MODELS),
        litserve("litserve", "LitServe", MODELS, "upstream.py"),
        bentoml("bentoml", "BentoML", "upstream:Upstream", models=MODELS),
        mlserver("mlserver", "MLServer, in process", models=MODELS, runtime="upstream.Upstream"),
    ]  # fmt: skip
