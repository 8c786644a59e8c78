"""The service's one logger: text or JSON lines on standard output.

Every module logs through `logging.getLogger(__name__)`, a child of the logger configured here.
Give a line more fields with `extra`, and all lines of a request with `log_context`.
"""

import json
import logging
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, TextIO

from ..config.settings import Settings

TEXT_FORMAT = "%(asctime)s - %(levelname)s - %(message)s"
MESSAGE_LIMIT, FIELD_LIMIT = 2000, 200  # characters

log_context: ContextVar[Mapping[str, object] | None] = ContextVar("log_context", default=None)

_PACKAGE = __name__.partition(".")[0]
_STANDARD = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName", "color_message"}


def configure_logging(settings: Settings, stream: TextIO | None = None) -> None:
    """Send the service's and Uvicorn's lines to one handler; calling it again replaces that."""
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(JsonFormatter() if settings.log_format == "json" else TextFormatter())
    for name in (_PACKAGE, "uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        child = name.startswith("uvicorn.")
        logger.handlers = [] if child else [handler]
        logger.propagate = child and (name != "uvicorn.access" or settings.access_log)
        logger.setLevel(logging.NOTSET if child else settings.log_level)
    logging.getLogger("uvicorn.access").filters = [_drop_query]


def escape(text: str) -> str:
    r"""Escape what is not printable, so that no value can forge a line: newline becomes `\n`."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


class TextFormatter(logging.Formatter):
    """`time - LEVEL - message field=value …` in one line; a traceback follows, indented."""

    def __init__(self) -> None:
        super().__init__(TEXT_FORMAT)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (logging's name)
        """Escape and cut the message, and append the fields."""
        record.message = escape(record.message[:MESSAGE_LIMIT])
        fields = (f" {name}={escape(str(value))}" for name, value in _fields(record).items())
        return super().formatMessage(record) + "".join(fields)

    def formatException(self, ei: Any) -> str:  # noqa: N802  (logging's name)
        """Indent every line, so that none can pass for a line of the log."""
        return "\n".join(f"    {escape(line)}" for line in super().formatException(ei).split("\n"))


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Render time, level, message, the fields and a traceback."""
        line = {
            "time": self.formatTime(record),
            "level": record.levelname,
            "message": record.getMessage()[:MESSAGE_LIMIT],
            **_fields(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


def _fields(record: logging.LogRecord) -> dict[str, object]:
    """What a line has besides its message: the request's fields, then its own."""
    extra = {name: value for name, value in vars(record).items() if name not in _STANDARD}
    fields = {**(log_context.get() or {}), **extra}
    return {k: v if isinstance(v, int | float) else str(v)[:FIELD_LIMIT] for k, v in fields.items()}


def _drop_query(record: logging.LogRecord) -> bool:
    """Leave the query string out of Uvicorn's access log: it may hold an input."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            arg.partition("?")[0] if isinstance(arg, str) else arg for arg in record.args
        )
    return True
