"""Log lines: exact form, one line each, nothing forged, nothing twice."""

import io
import json
import logging
import re

import pytest

import src as package
from src.config.settings import Settings
from src.core.logger import configure_logging, log_context

logger = logging.getLogger(f"{package.__name__}.anything")


@pytest.fixture
def json_log():
    stream = io.StringIO()
    configure_logging(Settings(log_format="json"), stream)
    return stream


def test_line_has_time_level_and_message(log):
    logger.info("Loaded model: %s", "echo")
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - INFO - Loaded model: echo\n", log.getvalue()
    )


def test_level_comes_from_the_settings(log):
    configure_logging(Settings(log_level="WARNING"), log)
    logger.info("quiet")
    logger.warning("loud")
    assert "quiet" not in log.getvalue()
    assert "loud" in log.getvalue()


def test_configuring_again_does_not_double_lines(log):
    configure_logging(Settings(), log)
    configure_logging(Settings(), log)
    logger.info("once")
    assert log.getvalue().count("once") == 1


def test_character_that_the_stream_lacks_is_escaped():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    configure_logging(Settings(), stream)
    logger.info("caf\u00e9")
    assert stream.buffer.getvalue().endswith(b" - INFO - caf\\xe9\n")


def test_fields_follow_the_message(log):
    token = log_context.set({"request_id": "abc"})
    logger.info("hello", extra={"model": "echo@1", "ms": 0.5})
    log_context.reset(token)
    assert log.getvalue().endswith("hello request_id=abc model=echo@1 ms=0.5\n")


@pytest.mark.parametrize(
    "nasty",
    [
        "a\nb",
        "a\r\nb",
        "a\x1b[31mb",
        "a\x00b",
        "a\u2028b",
        "a\u202eb",
        "a\x85b",
        "a\ud800b",
        "a\tb",
    ],
)
def test_no_value_can_forge_a_line(log, json_log, nasty):
    for stream in (log, json_log):
        configure_logging(Settings(log_format="text" if stream is log else "json"), stream)
        logger.info("%s", nasty, extra={"field": nasty})
        line = stream.getvalue()
        assert line.removesuffix("\n").isprintable()
        assert line.count("\n") == 1


def test_huge_values_are_cut(log):
    logger.info("x" * 1_000_000, extra={"field": "y" * 1_000_000})
    assert len(log.getvalue()) < 3000


def test_traceback_cannot_forge_a_line(log):
    try:
        raise ValueError("boom\n2026-01-01 00:00:00,000 - INFO - forged")
    except ValueError:
        logger.exception("failed")
    first, *rest = log.getvalue().splitlines()
    assert first.endswith("failed")
    assert rest
    assert all(line.startswith("    ") for line in rest)


def test_traceback_with_a_huge_value_is_cut(log, json_log):
    for stream in (log, json_log):
        configure_logging(Settings(log_format="text" if stream is log else "json"), stream)
        try:
            raise ValueError("x" * 1_000_000)
        except ValueError:
            logger.exception("huge")
        assert 2000 < len(stream.getvalue()) < 5000


def test_json_line_is_one_object_with_all_fields(json_log):
    token = log_context.set({"request_id": "abc"})
    try:
        raise ValueError("boom")
    except ValueError:
        logger.exception("failed: %s", "why", extra={"ms": 0.5})
    log_context.reset(token)
    line = json.loads(json_log.getvalue())
    assert line["level"] == "ERROR"
    assert line["message"] == "failed: why"
    assert line["request_id"] == "abc"
    assert line["ms"] == 0.5
    assert "ValueError: boom" in line["exception"]
    assert "time" in line


def test_uvicorn_goes_through_the_same_formatter(log):
    logging.getLogger("uvicorn.error").info("Started", extra={"color_message": "x"})
    assert log.getvalue().endswith(" - INFO - Started\n")


@pytest.mark.parametrize("on", [True, False])
def test_access_log_is_off_unless_asked_for_and_never_shows_query_strings(log, on):
    configure_logging(Settings(access_log=on), log)
    access = logging.getLogger("uvicorn.access")
    assert access.hasHandlers() is on
    access.info('%s - "%s %s HTTP/%s" %d', "1.2.3.4:5", "POST", "/predict?input=secret", "1.1", 200)
    assert ('"POST /predict HTTP/1.1" 200' in log.getvalue()) is on
    assert "secret" not in log.getvalue()
