"""Kinds of systems: how each is started, and what it has besides its defaults."""

from benchmarks.serving.environments import FASTAPI
from benchmarks.serving.formats import PLAIN, V2, Format
from benchmarks.serving.system import CLASSIC, System

Models = tuple[str, ...]
Variables = dict[str, str]


def asgi(
    key: str, title: str, family: str, folder: str, app: str = "app:app", *,
    variant: str = "", models: Models = CLASSIC, route: Format = PLAIN,
) -> System:  # fmt: skip
    """Return an ASGI app under Uvicorn."""
    command = ("{bin}/uvicorn", "--host", "127.0.0.1", "--port", "{port}", "--log-level", "warning")
    variables = {"BENCH_VARIANT": variant}
    return System(key, title, family, FASTAPI, (*command, app), variables, route, models, folder)


def ours(
    key: str, title: str, answers: str = "{}", level: str = "WARNING", route: Format = PLAIN,
    *, before: bool = False, models: Models = CLASSIC, more: Variables | None = None,
) -> System:  # fmt: skip
    """Return the rendered service."""
    address = {"API_HOST": "127.0.0.1", "API_PORT": "{port}"}
    variables = {**address, "LOG_LEVEL": level, "MODEL__NAME": "bench", **(more or {})}
    command = ("{bin}/python", "src/main.py")
    return System(
        key, title, "this template", FASTAPI, command, variables, route, models, answers=answers,
        before=before,
    )  # fmt: skip


def litserve(
    key: str, title: str, models: Models = CLASSIC, script: str = "server.py",
    route: Format = PLAIN, *, batched: bool = False,
) -> System:  # fmt: skip
    """Return LitServe with one worker."""
    variables = {"BENCH_PORT": "{port}", "BENCH_VARIANT": "batched" if batched else ""}
    command = ("{bin}/python", script)
    return System(
        key, title, "LitServe", "litserve", command, variables, route, models, "litserve",
        apart=batched,
    )  # fmt: skip


def bentoml(
    key: str, title: str, service: str, route: Format = PLAIN, models: Models = CLASSIC
) -> System:
    """Return BentoML with one worker."""
    variables = {"BENTOML_DO_NOT_TRACK": "True", "BENTOML_HOME": "home"}
    address = ("--host", "127.0.0.1", "--port", "{port}")
    command = ("{bin}/bentoml", "serve", service, *address)
    return System(key, title, "BentoML", "bentoml", command, variables, route, models, "bentoml")


def mlserver(
    key: str, title: str, batch: str = "0", models: Models = CLASSIC, runtime: str = "runtime.Bench"
) -> System:
    """Return MLServer, with the model in its own process."""
    variables = {
        "MLSERVER_HOST": "127.0.0.1",
        "MLSERVER_HTTP_PORT": "{port}",
        "MLSERVER_GRPC_PORT": "{free}",
        "MLSERVER_METRICS_PORT": "{free}",
        "MLSERVER_PARALLEL_WORKERS": "0",
        "MLSERVER_DEBUG": "false",
        "MLSERVER_MODEL_IMPLEMENTATION": runtime,
        "MLSERVER_MODEL_MAX_BATCH_SIZE": batch,
        "MLSERVER_MODEL_MAX_BATCH_TIME": "0.0002",
    }
    command = ("{bin}/mlserver", "start", ".")
    return System(key, title, "MLServer", "mlserver", command, variables, V2, models, "mlserver")


def ray(key: str, title: str, more: Variables | None = None, models: Models = CLASSIC) -> System:
    """Return Ray Serve with one replica."""
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
