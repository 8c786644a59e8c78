"""Systems that serve the three models whose input is JSON."""

from benchmarks.serving.catalogue.keys import BASELINE, OURS, OURS_BINARY, PARSE_ONLY
from benchmarks.serving.catalogue.kinds import asgi, bentoml, litserve, mlserver, ours, ray
from benchmarks.serving.formats import LIST, V2, V2_BINARY
from benchmarks.serving.system import System

ONNX = ("onnx",)
HEAVY = ("tfidf", *ONNX)  # models that benefit from batches
RAY_FASTER = {"RAY_SERVE_THROUGHPUT_OPTIMIZED": "1", "RAY_SERVE_ENABLE_HA_PROXY": "1"}


def systems() -> list[System]:
    """Return every system."""
    return [*_bare(), *_ours(), *_peers()]


def _bare() -> list[System]:
    return [
        asgi(BASELINE, "FastAPI, `async def`", "FastAPI", "fastapi"),
        asgi("fastapi-def", "FastAPI, `def`", "FastAPI", "fastapi", variant="def"),
        asgi("starlette", "Starlette", "Starlette", "starlette"),
        asgi("asgi", "plain ASGI", "ASGI", "asgi"),
        asgi(PARSE_ONLY, "plain ASGI, no model", "ASGI", "asgi", "parse_only:app", models=ONNX),
    ]


def _ours() -> list[System]:
    no_metrics = '{"features": ["batching", "hardening"]}'
    no_batching = '{"features": ["hardening"]}'
    minimal = '{"preset": "minimal"}'
    return [
        ours(OURS, "**this template**", level="INFO"),
        ours("ours-warning", "… `LOG_LEVEL=WARNING`"),
        ours("ours-no-metrics", "… and no metrics", no_metrics),
        ours("ours-no-batching", "… and no batching", no_batching),
        ours("ours-minimal", "… and no hardening (`minimal`)", minimal),
        ours("ours-before", "the earlier release", level="INFO", before=True),
        ours("ours-minimal-before", "the earlier release, `minimal`", minimal, before=True),
        ours("ours-v2", "**this template**, v2 in JSON", level="INFO", route=V2),
        ours(OURS_BINARY, "**this template**, v2 in binary form", level="INFO", route=V2_BINARY),
    ]


def _peers() -> list[System]:
    return [
        litserve("litserve", "LitServe"),
        litserve("litserve-batched", "LitServe, batched", HEAVY, batched=True),
        bentoml("bentoml", "BentoML", "service:OneByOne"),
        bentoml("bentoml-batched", "BentoML, batched", "service:Batched", LIST, HEAVY),
        mlserver("mlserver", "MLServer, in process"),
        mlserver("mlserver-batched", "MLServer, in process, batched", "64", HEAVY),
        ray("ray", "Ray Serve"),
        ray("ray-haproxy", "Ray Serve, with HAProxy", RAY_FASTER),
        ray("ray-batched", "Ray Serve, with HAProxy, batched", RAY_FASTER, HEAVY),
    ]
