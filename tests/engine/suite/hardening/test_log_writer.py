"""Lines are written in a thread: in order, whatever the stream does; lost lines are counted."""

import io
import logging
import threading
import time

import pytest

import src as package
from src.config.settings import Settings
from src.core.logger import configure_logging
from src.serving.process import log_writer
from src.serving.process.log_writer import BackgroundHandler
from tests.conftest import PATIENCE_S

logger = logging.getLogger(f"{package.__name__}.anything")


class SlowStream(io.StringIO):
    """A stream that blocks until it is released, like a pipe that nobody reads."""

    def __init__(self) -> None:
        super().__init__()
        self.may_go_on = threading.Event()

    def write(self, text: str) -> int:
        self.may_go_on.wait(PATIENCE_S)
        return super().write(text)


@pytest.fixture
def handler_of():
    """Return a handler that logs to a given stream through the thread."""
    handlers: list[BackgroundHandler] = []

    def start(stream, **options):
        handlers.append(
            configure_logging(Settings(), stream, lambda it: BackgroundHandler(it, **options))
        )
        return handlers[-1]

    yield start
    configure_logging(Settings())
    for handler in handlers:
        handler.close()


def messages(stream):
    return [line.partition(" - ")[2] for line in stream.getvalue().splitlines()]


def test_lines_come_in_order(handler_of):
    stream = io.StringIO()
    handler = handler_of(stream)
    for number in range(50):
        logger.info("%s", number)
        if number % 10 == 0:
            time.sleep(0.01)
    handler.flush()
    assert messages(stream) == [f"INFO - {number}" for number in range(50)]


def test_idle_thread_wakes_for_a_line(handler_of):
    stream = io.StringIO()
    handler = handler_of(stream)
    for text in ("one", "two"):
        logger.info(text)
        handler.flush()
        assert messages(stream)[-1] == f"INFO - {text}"
        time.sleep(log_writer.PAUSE_S * 2)


def test_slow_stream_makes_nobody_wait_and_loses_nothing(handler_of):
    stream = SlowStream()
    handler = handler_of(stream)
    for text in ("one", "two"):
        logger.info(text)
        time.sleep(log_writer.PAUSE_S * 2)
    assert stream.getvalue() == ""
    assert not stream.may_go_on.is_set()
    stream.may_go_on.set()
    handler.flush()
    assert messages(stream) == ["INFO - one", "INFO - two"]


def test_flush_does_not_wait_for_ever(handler_of):
    stream = SlowStream()
    handler = handler_of(stream)
    logger.info("stuck")
    started = time.monotonic()
    handler.flush(0.1)
    assert time.monotonic() - started >= 0.1
    stream.may_go_on.set()


def test_lines_that_find_no_room_are_dropped_counted_and_told_of(handler_of, monkeypatch):
    monkeypatch.setattr(log_writer, "MAX_PENDING", 3)
    stream = SlowStream()
    told: list[int] = []
    handler = handler_of(stream, on_drop=told.append)
    for number in range(5):
        logger.info("%s", number)
    assert (handler.dropped, told) == (2, [1, 1])
    stream.may_go_on.set()
    handler.flush()
    *written, last = messages(stream)
    assert written == ["INFO - 0", "INFO - 1", "INFO - 2"]
    assert last == "WARNING - Dropped 2 log lines: the output did not accept them in time"


def test_drops_are_told_of_once(handler_of, monkeypatch):
    monkeypatch.setattr(log_writer, "MAX_PENDING", 1)
    stream = io.StringIO()
    handler = handler_of(stream)
    for text in ("one", "dropped"):
        logger.info(text)
    handler.flush()
    logger.info("later")
    handler.flush()
    assert stream.getvalue().count("Dropped 1 log lines") == 1
    assert messages(stream)[-1] == "INFO - later"


def test_closed_stream_costs_its_lines_and_nothing_else(handler_of):
    stream = io.StringIO()
    told: list[int] = []
    handler = handler_of(stream, on_drop=told.append)
    stream.close()
    for text in ("one", "two"):
        logger.info(text)
        handler.flush()
    assert handler.dropped == sum(told) == 2
    assert handler._thread.is_alive()


def test_closing_writes_what_is_left_and_ends_the_thread(handler_of):
    stream = io.StringIO()
    handler = handler_of(stream)
    logger.info("last")
    handler.close()
    assert messages(stream) == ["INFO - last"]
    handler._thread.join(PATIENCE_S)
    assert not handler._thread.is_alive()


def test_line_that_cannot_be_formatted_fails_no_caller(handler_of, capsys):
    stream = io.StringIO()
    handler = handler_of(stream)
    logger.info("%d", "no number")
    logger.info("next")
    handler.flush()
    assert messages(stream) == ["INFO - next"]
    assert "Logging error" in capsys.readouterr().err


def test_character_that_the_stream_has_not_is_escaped(handler_of):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    handler = handler_of(stream)
    logger.info("\u65e5")
    handler.flush()
    assert stream.buffer.getvalue().rstrip().endswith(rb"INFO - \u65e5")


def test_fork_waits_until_no_line_is_half_written_and_its_child_writes_at_once(handler_of):
    stream = io.StringIO()
    handler = handler_of(stream)
    handler.before_fork()
    logger.info("of the parent")
    handler.after_fork()
    handler.flush()
    handler.before_fork()
    handler._lines.append("of the parent, which writes it")
    handler.in_child()
    logger.info("of the child")
    assert messages(stream) == ["INFO - of the parent", "INFO - of the child"]


def test_child_of_a_fork_drops_its_lines_where_the_stream_is_stuck(handler_of):
    handler = handler_of(io.StringIO())
    handler._is_copyable = False
    handler.after_fork()
    handler.in_child()
    logger.info("dropped")
    assert not handler.stuck
    assert handler.stream.getvalue() == ""
