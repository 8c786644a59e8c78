"""The service's one logger: text or JSON lines on standard output.

Every module logs through `logging.getLogger(__name__)`, a child of the logger configured here.
Give a line more fields with `extra`, and all lines of a request with `log_context`.
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
_NO_FIELDS = {"message", "asctime", "color_message"}  # of other formatters, and of Uvicorn


def configure_logging(
    settings: Settings, stream: TextIO | None = None, kind: Any = logging.StreamHandler
) -> Any:
    """Send the service's and Uvicorn's lines to one handler; calling it again replaces that."""
    handler = kind(stream or sys.stdout)
    handler.setFormatter(JsonFormatter() if settings.log_format == "json" else TextFormatter())
    for name in (_PACKAGE, "uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        child = name.startswith("uvicorn.")
        logger.handlers = [] if child else [handler]
        logger.propagate = child and (name != "uvicorn.access" or settings.access_log)
        logger.setLevel(logging.NOTSET if child else settings.log_level)
    logging.getLogger("uvicorn.access").filters = [_drop_query]
    return handler


def escape(text: str) -> str:
    r"""Escape what is not printable, so that no value can forge a line: newline becomes `\n`."""
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
        # Each line of a traceback is indented, so that none can pass for a line of the log.
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
    """Give the lines of a traceback; the text of an exception may be as long as an input."""
    text = logging.Formatter().formatException(record.exc_info) if record.exc_info else ""
    return [line[:MESSAGE_LIMIT] for line in text.split("\n") if line]


def _time(record: logging.LogRecord) -> str:
    return f"{_clock(int(record.created))},{int(record.msecs):03d}"


@lru_cache(maxsize=1)
def _clock(second: int) -> str:
    return time.strftime("%Y-%m-%d %X", time.localtime(second))


def _fields(record: logging.LogRecord) -> Iterator[tuple[str, object]]:
    """What a line has besides its message: the request's fields, then its own."""
    yield from (log_context.get() or {}).items()
    for name, value in islice(vars(record).items(), _BUILT_IN, None):
        if name not in _NO_FIELDS:
            yield name, value if isinstance(value, int | float) else str(value)[:FIELD_LIMIT]


def _drop_query(record: logging.LogRecord) -> bool:
    """Leave the query string out of Uvicorn's access log: it may hold an input."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            arg.partition("?")[0] if isinstance(arg, str) else arg for arg in record.args
        )
    return True
