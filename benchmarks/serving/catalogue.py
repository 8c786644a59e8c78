"""Every system that can be measured, in the order of the tables."""

from benchmarks.serving.environments import FASTAPI
from benchmarks.serving.formats import LIST, PLAIN, V2, V2_BINARY, Format
from benchmarks.serving.system import System

BASELINE, OURS, PARSE_ONLY = "fastapi", "ours", "asgi-parse-only"
OURS_BINARY = "ours-v2-binary"
BEFORE = {"ours": "ours-before", "ours-minimal": "ours-minimal-before"}
"""Variants of the rendered service, and the same of an earlier release."""
LADDER = ("ours", "ours-warning", "ours-no-metrics", "ours-no-batching", "ours-minimal")
PEERS = ("LitServe", "BentoML", "MLServer", "Ray Serve")
ONNX = ("onnx",)
RAY_FASTER = {"RAY_SERVE_THROUGHPUT_OPTIMIZED": "1", "RAY_SERVE_ENABLE_HA_PROXY": "1"}
HEAVY = ("tfidf", *ONNX)  # models that benefit from batches
ALL = ("keyword", *HEAVY)


def systems() -> list[System]:
    """Return every system."""
    no_metrics = '{"features": ["batching", "hardening"]}'
    no_batching = '{"features": ["hardening"]}'
    minimal = '{"preset": "minimal"}'
    return [
        _asgi("fastapi", "FastAPI, `async def`", "FastAPI", "fastapi"),
        _asgi("fastapi-def", "FastAPI, `def`", "FastAPI", "fastapi", variant="def"),
        _asgi("starlette", "Starlette", "Starlette", "starlette"),
        _asgi("asgi", "plain ASGI", "ASGI", "asgi"),
        _asgi(PARSE_ONLY, "plain ASGI, no model", "ASGI", "asgi", "parse_only:app", models=ONNX),
        _ours("ours", "**this template**", level="INFO"),
        _ours("ours-warning", "… `LOG_LEVEL=WARNING`"),
        _ours("ours-no-metrics", "… and no metrics", no_metrics),
        _ours("ours-no-batching", "… and no batching", no_batching),
        _ours("ours-minimal", "… and no hardening (`minimal`)", minimal),
        _ours("ours-before", "the earlier release", level="INFO", before=True),
        _ours("ours-minimal-before", "the earlier release, `minimal`", minimal, before=True),
        _ours("ours-v2", "**this template**, v2 in JSON", level="INFO", route=V2),
        _ours(OURS_BINARY, "**this template**, v2 in binary form", level="INFO", route=V2_BINARY),
        _litserve("litserve", "LitServe"),
        _litserve("litserve-batched", "LitServe, batched", HEAVY),
        _bentoml("bentoml", "BentoML", "OneByOne", PLAIN),
        _bentoml("bentoml-batched", "BentoML, batched", "Batched", LIST, HEAVY),
        _mlserver("mlserver", "MLServer, in process", "0"),
        _mlserver("mlserver-batched", "MLServer, in process, batched", "64", HEAVY),
        _ray("ray", "Ray Serve"),
        _ray("ray-haproxy", "Ray Serve, with HAProxy", RAY_FASTER),
        _ray("ray-batched", "Ray Serve, with HAProxy, batched", RAY_FASTER, HEAVY),
    ]  # fmt: skip


def _asgi(
    key: str, title: str, family: str, folder: str, app: str = "app:app", *,
    variant: str = "", models: tuple[str, ...] = ALL,
) -> System:  # fmt: skip
    command = ("{bin}/uvicorn", "--host", "127.0.0.1", "--port", "{port}", "--log-level", "warning")
    variables = {"BENCH_VARIANT": variant}
    return System(key, title, family, FASTAPI, (*command, app), variables, PLAIN, models, folder)


def _ours(
    key: str, title: str, answers: str = "{}", level: str = "WARNING", route: Format = PLAIN,
    *, before: bool = False,
) -> System:  # fmt: skip
    address = {"API_HOST": "127.0.0.1", "API_PORT": "{port}"}
    variables = {**address, "LOG_LEVEL": level, "MODEL__NAME": "bench"}
    command = ("{bin}/python", "src/main.py")
    return System(
        key, title, "this template", FASTAPI, command, variables, route, answers=answers,
        before=before,
    )  # fmt: skip


def _litserve(key: str, title: str, models: tuple[str, ...] = ALL) -> System:
    batched = key.endswith("-batched")
    variables = {"BENCH_PORT": "{port}", "BENCH_VARIANT": "batched" if batched else ""}
    command = ("{bin}/python", "server.py")
    return System(
        key, title, "LitServe", "litserve", command, variables, PLAIN, models, "litserve",
        apart=batched,
    )  # fmt: skip


def _bentoml(
    key: str, title: str, service: str, route: Format, models: tuple[str, ...] = ALL
) -> System:
    variables = {"BENTOML_DO_NOT_TRACK": "True", "BENTOML_HOME": "home"}
    address = ("--host", "127.0.0.1", "--port", "{port}")
    command = ("{bin}/bentoml", "serve", f"service:{service}", *address)
    return System(key, title, "BentoML", "bentoml", command, variables, route, models, "bentoml")


def _mlserver(key: str, title: str, batch: str, models: tuple[str, ...] = ALL) -> System:
    variables = {
        "MLSERVER_HOST": "127.0.0.1",
        "MLSERVER_HTTP_PORT": "{port}",
        "MLSERVER_GRPC_PORT": "{free}",
        "MLSERVER_METRICS_PORT": "{free}",
        "MLSERVER_PARALLEL_WORKERS": "0",
        "MLSERVER_DEBUG": "false",
        "MLSERVER_MODEL_MAX_BATCH_SIZE": batch,
        "MLSERVER_MODEL_MAX_BATCH_TIME": "0.0002",
    }
    command = ("{bin}/mlserver", "start", ".")
    return System(key, title, "MLServer", "mlserver", command, variables, V2, models, "mlserver")


def _ray(
    key: str, title: str, more: dict[str, str] | None = None, models: tuple[str, ...] = ALL
) -> System:
    variables = {
        "BENCH_PORT": "{port}",
        "BENCH_VARIANT": key.partition("-")[2],
        "RAY_USAGE_STATS_ENABLED": "0",
        **(more or {}),
    }
    command = ("{bin}/python", "app.py")
    return System(
        key, title, "Ray Serve", "ray", command, variables, PLAIN, models, "ray", apart=True
    )
