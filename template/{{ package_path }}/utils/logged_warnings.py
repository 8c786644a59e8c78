"""Python's warnings as log lines, for a block of code and its thread alone."""

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

logger = logging.getLogger(__name__)

_thread = threading.local()


@contextmanager
def logged_warnings() -> Iterator[None]:
    """Log warnings at DEBUG in place of writing them to standard error."""
    _route_warnings()
    _thread.logs = True
    try:
        yield
    finally:
        _thread.logs = False


@cache
def _route_warnings() -> None:
    """Leave all other warnings as they are: filters, and `catch_warnings`, are of all threads."""
    show = warnings.showwarning

    def log_or_show(*warning: Any, **named: Any) -> None:
        if getattr(_thread, "logs", False):
            logger.debug("Warning: %s", warning[0])
        else:
            show(*warning, **named)

    warnings.showwarning = log_or_show
