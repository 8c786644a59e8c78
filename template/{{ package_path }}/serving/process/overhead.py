"""Avoid work that Python and FastAPI repeat for every request."""

import asyncio
import gc
import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from fastapi import FastAPI

from ...api.dependencies import state_of
from ...services import prediction_log
from ...services.prediction_log import PredictionLog


def reduce_overhead(app: FastAPI) -> None:
    """Cache constant values, and do after the response what the response does not need."""
    state = state_of(app)
    cache_telemetry_check(app)
    _make_records_fast()
    state.loading.add_done_callback(_freeze)
    call_soon = asyncio.get_running_loop().call_soon
    for model in state.models.values():
        model.each_version(lambda service: setattr(service, "later", call_soon))


def cache_telemetry_check(app: FastAPI) -> None:
    """Cache FastAPI's check for OpenTelemetry's providers.

    It reads the environment for every request, a twentieth of the time of one.
    """
    telemetry: Any = getattr(app, "_native_telemetry", None)
    if telemetry:
        telemetry.enabled = CachedForASecond(telemetry.enabled)


class CachedForASecond:
    """Call a function at most once a second; return its last value otherwise."""

    def __init__(self, function: Callable[[], bool]) -> None:
        self._function = function
        self._value, self._until = False, 0.0

    def __call__(self) -> bool:
        """Return the value."""
        now = time.monotonic()
        if now >= self._until:
            self._value, self._until = self._function(), now + 1
        return self._value


def _freeze(_: object) -> None:
    """Exempt all that was loaded from garbage collection: requests would wait while it is visited.

    Objects are freed as before when nothing refers to them, unless they refer to one another.
    """
    gc.collect()
    gc.freeze()


def _make_records_fast() -> None:
    """Reuse the constant fields of log records of predictions: caller, thread and process."""
    logger: Any = prediction_log.logger
    line = PredictionLog.line.__code__
    caller = line.co_filename, line.co_firstlineno, line.co_name, None
    logger.findCaller = lambda *_: caller
    constant = vars(logging.LogRecord(logger.name, 0, *caller[:2], "", (), None, caller[2]))
    if "taskName" in constant:
        constant["taskName"] = None  # tasks of requests have no useful names
    started = constant["created"] - constant["relativeCreated"] / 1000
    logger.makeRecord = partial(_make_record, logger, constant, started)


def _make_record(
    logger: Any, constant: dict[str, Any], started: float, *values: Any
) -> logging.LogRecord:
    if logging.getLogRecordFactory() is not logging.LogRecord:  # such as a tracing library's
        return logging.Logger.makeRecord(logger, *values)
    _, level, _, _, message, arguments, exception, _, extra, _ = values
    now = time.time()
    record = logging.LogRecord.__new__(logging.LogRecord)
    record.__dict__ = {
        **constant,
        "msg": message,
        "args": arguments,
        "levelname": logging.getLevelName(level),
        "levelno": level,
        "exc_info": exception,
        "created": now,
        "msecs": now % 1 * 1000 // 1,
        "relativeCreated": (now - started) * 1000,
        **extra,
    }
    return record
