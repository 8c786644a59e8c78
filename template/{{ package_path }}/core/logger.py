"""The service's one logger: text or JSON lines on standard output.

Every module logs through `logging.getLogger(__name__)`, a child of the logger configured here.
Add fields to a line with `extra`, and to all lines of a request with `log_context`.
"""

import json
import logging
import sys
import time
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from functools import lru_cache
from itertools import islice
from typing import Any, TextIO

from ..config.settings import Settings

MESSAGE_LIMIT, FIELD_LIMIT = 2000, 200  # characters

log_context: ContextVar[Mapping[str, object] | None] = ContextVar("log_context", default=None)

_PACKAGE = __name__.partition(".")[0]
_BUILT_IN = len(vars(logging.makeLogRecord({})))  # attributes of a record; others come after them
_NO_FIELDS = {"message", "asctime", "color_message"}  # of other formatters and of Uvicorn


class StreamHandler(logging.StreamHandler[TextIO]):
    """Write lines to a stream of any encoding; escape characters that it lacks."""

    def format(self, record: logging.LogRecord) -> str:
        """Render a line in the encoding of the stream."""
        line = super().format(record)
        if line.isascii():
            return line
        encoding = getattr(self.stream, "encoding", None) or "utf-8"
        return line.encode(encoding, "backslashreplace").decode(encoding)


def configure_logging(
    settings: Settings, stream: TextIO | None = None, kind: Any = StreamHandler
) -> Any:
    """Send the lines of the service and of Uvicorn to one handler; replace the previous one."""
    handler = kind(stream or sys.stdout)
    handler.setFormatter(JsonFormatter() if settings.log_format == "json" else TextFormatter())
    for name in (_PACKAGE, "uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        child = name.startswith("uvicorn.")
        logger.handlers = [] if child else [handler]
        logger.propagate = child and (name != "uvicorn.access" or settings.access_log)
        logger.setLevel(logging.NOTSET if child else settings.log_level)
        logger.filters = [_drop_query] if child else []
    # The library for WebSockets logs requests and messages there at DEBUG.
    errors = logging.getLogger("uvicorn.error")
    errors.setLevel(max(logging.INFO, errors.getEffectiveLevel()))
    if not settings.access_log:
        errors.addFilter(lambda record: '"WebSocket ' not in str(record.msg))
    return handler


def escape(text: str) -> str:
    r"""Escape unprintable characters, so that no value can forge a line: newline becomes `\n`."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


class TextFormatter(logging.Formatter):
    """`time - LEVEL - message field=value …` in one line; a traceback follows, indented."""

    def format(self, record: logging.LogRecord) -> str:
        """Render a line that no value can break or forge."""
        message = record.getMessage()[:MESSAGE_LIMIT]
        line = f"{_time(record)} - {record.levelname} - {message}"
        for name, value in _fields(record):
            line += f" {name}={value}"
        if not record.exc_info:
            return escape(line)
        # Indent each line of a traceback, so that none looks like a log line.
        return "\n    ".join(map(escape, [line, *_traceback(record)]))


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Render time, level, message, the fields and a traceback."""
        line = {
            "time": _time(record),
            "level": record.levelname,
            "message": record.getMessage()[:MESSAGE_LIMIT],
            **dict(_fields(record)),
        }
        if record.exc_info:
            line["exception"] = "\n".join(_traceback(record))
        return json.dumps(line)


def _traceback(record: logging.LogRecord) -> list[str]:
    """Return the lines of a traceback, cut: an exception may quote a long input."""
    text = logging.Formatter().formatException(record.exc_info) if record.exc_info else ""
    return [line[:MESSAGE_LIMIT] for line in text.split("\n") if line]


def _time(record: logging.LogRecord) -> str:
    return f"{_clock(int(record.created))},{int(record.msecs):03d}"


@lru_cache(maxsize=1)
def _clock(second: int) -> str:
    return time.strftime("%Y-%m-%d %X", time.localtime(second))


def _fields(record: logging.LogRecord) -> Iterator[tuple[str, object]]:
    """Return the fields of a line: those of the request, then its own."""
    yield from (log_context.get() or {}).items()
    for name, value in islice(vars(record).items(), _BUILT_IN, None):
        if name not in _NO_FIELDS:
            yield name, value if isinstance(value, int | float) else str(value)[:FIELD_LIMIT]


def _drop_query(record: logging.LogRecord) -> bool:
    """Remove the query string from Uvicorn's lines: it may contain an input."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            arg.partition("?")[0] if isinstance(arg, str) else arg for arg in record.args
        )
    return True
