"""A source of records: a service, with its observer and your function that redacts them."""

import logging
from collections.abc import Callable
from inspect import iscoroutinefunction
from pathlib import Path
from traceback import extract_tb
from typing import Any

from pydantic_core import from_json, to_json

from ...core.errors import ConfigError
from ...core.importing import import_own
from ..inference_service import InferenceService
from ..model_calls import call_model
from ..observer import Observer

logger = logging.getLogger(__name__)

Redact = Callable[[dict[str, Any]], dict[str, Any] | None]


class Source:
    """A service whose predictions are recorded."""

    def __init__(self, service: InferenceService, redact: str | None) -> None:
        """Load the function that redacts records, if one is named.

        Raises:
            ConfigError: It cannot be imported, or there is no such function.
        """
        self.service = service
        self._redact = load_function(redact) if redact else None
        self._reported = set[str]()

    def finish(self, line: bytes) -> bytes | None:
        """Return a line as it is to be written; None if the record is left out or fails."""
        if self._redact:
            try:
                redacted = _redact(self._redact, line)
            except Exception as exc:  # noqa: BLE001  (your function may raise anything)
                self.fail("recording.redact failed, so nothing is recorded", exc)
                return None
            if redacted is None:
                self.count("skipped")
                return None
            line = redacted
        self._pass_on(line)
        return line

    def _pass_on(self, line: bytes) -> None:
        """Let an observer of yours take the record."""
        observer = self.service.observer
        if type(observer).on_record is not Observer.on_record:
            try:
                observer.on_record(from_json(line))
            except Exception as exc:  # noqa: BLE001  (your method may raise anything)
                self._report("An observer failed to take a record", exc)

    def count(self, result: str, number: int = 1) -> None:
        """Count records, by result."""
        self.service.observer.on_recordings(result, number)

    def fail(self, problem: str, exc: Exception) -> None:
        """Count a record that cannot be made; log the first of its kind."""
        self.count("failed")
        self._report(problem, exc)

    def _report(self, problem: str, exc: Exception) -> None:
        """Log a problem once, without the message of its exception, which may quote a value."""
        if problem not in self._reported:
            self._reported.add(problem)
            frame = extract_tb(exc.__traceback__)[-1]
            where = f"{Path(frame.filename).name}:{frame.lineno}"
            logger.error("%s: %s at %s", problem, type(exc).__name__, where)


def load_function(name: str) -> Redact:
    """Return the function that `module:function` names.

    Raises:
        ConfigError: The module cannot be imported, or has no such function.
    """
    module, _, function = name.partition(":")
    problem = f"Configuration error:\n  recording.redact: {name}"
    try:
        found = getattr(import_own(f"{__package__.rpartition('.')[0]}.{module}"), function, None)
    except ConfigError as exc:
        raise ConfigError(f"{problem}: {exc}") from exc
    if not callable(found) or iscoroutinefunction(found):
        raise ConfigError(f"{problem}: the module has no plain function with this name")
    redact: Redact = found
    return redact


def _redact(redact: Redact, line: bytes) -> bytes | None:
    record = call_model(redact, from_json(line))
    if record is None:
        return None
    if not isinstance(record, dict):
        raise TypeError("a record is a dictionary")
    return to_json(record, inf_nan_mode="null")
