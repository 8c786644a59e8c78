"""Run the methods of a model in processes of its own."""

import logging
import os
import pickle
import time
from functools import partial
from inspect import isasyncgenfunction, iscoroutinefunction

from ...config.settings import Settings
from ...core.errors import ConfigError
from ...models.base import Model
from ..declared_type import valid_example
from ..inference_service import InferenceService
from .model_process import ModelProcess, ModelProcessError
from .pool import ProcessPool

logger = logging.getLogger(__name__)

METHODS = ("load", "predict", "predict_batch", "predict_stream", "unload")
ATTRIBUTES = ("options", "artifact", "cpus")  # set before `load`


def install(service: InferenceService, settings: Settings) -> None:
    """Replace the methods of the model, if processes are configured.

    Raises:
        ConfigError: The model cannot run in processes of its own.
    """
    count, model = settings.model.processes.count, service.runner.model
    if not count:
        return
    if reason := _reason_against(model):
        name = type(model).__qualname__
        problem = f"model.processes.count: must be 0, because {name} {reason}"
        raise ConfigError(f"Configuration error:\n  {problem}")
    _share_cpus(model, count)
    pool = ProcessPool(count, settings.service.timeout, partial(_start, service, settings))
    vars(model).update({name: getattr(pool, name) for name in METHODS if hasattr(model, name)})
    service.runner.capacity = count
    service.checks.append(lambda: pool.is_alive)


def _reason_against(model: Model) -> str:
    """Return why the model cannot run in processes of its own; empty if it can."""
    kind = type(model)
    methods = [getattr(kind, name, None) for name in METHODS]
    if model.inline:
        return "is `inline`: it is cheaper where it is called"
    if any(iscoroutinefunction(method) or isasyncgenfunction(method) for method in methods):
        return "has methods that are `async def`: they wait, and need no processor"
    if os.name == "nt":
        return "would need signals and descriptors that Windows does not have"
    try:
        pickle.dumps(kind)
    except (pickle.PicklingError, AttributeError):
        return "is not at the top level of a module, from where they could import it"
    return ""


def _share_cpus(model: Model, count: int) -> None:
    """Divide the processors that `cpu_share` gave to a model of a backend."""
    if share := vars(model).get("cpus"):
        each = max(1, share.process // count)
        model.cpus = type(share)(each, each)  # type: ignore[attr-defined]


async def _start(service: InferenceService, settings: Settings) -> ModelProcess:
    """Start a process, and load the model in it."""
    started, model = time.perf_counter(), service.runner.model
    attributes = {name: vars(model)[name] for name in ATTRIBUTES if name in vars(model)}
    process = await ModelProcess.start(service.log.model)
    try:
        await process.call("configure", settings)
        await process.call("load", type(model), attributes, valid_example(model))
    except BaseException as exc:
        code = await process.end()
        if isinstance(exc, ModelProcessError):
            raise ModelProcessError(f"It ended with exit code {code} during `load`") from None
        raise
    more = {**process.fields, "ms": round((time.perf_counter() - started) * 1000)}
    logger.info("Started a process of the model", extra=more)
    return process
