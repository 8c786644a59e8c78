"""Records of prediction lines that a server makes equal those that `logging` makes."""

import logging

import pytest
from src.services.prediction_log import PredictionLog, logger
from src.serving.process.overhead import _make_records_fast


class Keep(logging.Handler):
    """A handler that keeps records."""

    def __init__(self):
        super().__init__()
        self.records = []

    def emit(self, record):
        self.records.append(record)


@pytest.fixture
def kept():
    """Return the records of predictions."""
    handler = Keep()
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler.records
    logger.removeHandler(handler)
    for name in ("makeRecord", "findCaller"):
        vars(logger).pop(name, None)
    logging.setLogRecordFactory(logging.LogRecord)


def test_attributes_are_the_same_in_the_same_order(kept):
    line = PredictionLog("m@1", show_values=True).line
    line(logging.INFO, "Said: %s", "a", ms=1.5)
    _make_records_fast()
    line(logging.INFO, "Said: %s", "a", ms=1.5)
    before, after = (dict(vars(record)) for record in kept)
    assert [*before] == [*after]
    for name in ("created", "msecs", "relativeCreated"):
        assert before.pop(name) <= after[name] or name == "msecs"
        assert type(after.pop(name)) is float
    for changed in ("lineno", "taskName"):
        before.pop(changed, None)
        after.pop(changed, None)
    assert before == after


def test_factory_of_somebody_else_makes_them(kept):
    class Traced(logging.LogRecord):
        pass

    _make_records_fast()
    logging.setLogRecordFactory(Traced)
    PredictionLog("m@1", show_values=True).line(logging.INFO, "Said: %s", "a")
    assert type(kept[0]) is Traced
