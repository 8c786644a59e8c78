"""Functions that redact records, and observers that take them."""

import pytest

from src.core.errors import ConfigError
from src.services.observer import Observer
from tests.conftest import until
from tests.engine.suite.recording.harness import recording, records, redact_with, watch


def test_function_changes_records_or_leaves_them_out(client_of, tmp_path):
    def redact(record):
        if record["input"] == "none":
            return None
        del record["request_id"]
        return {**record, "input": record["input"].replace("Ada", "…")}

    client = client_of(**recording(tmp_path, **redact_with(redact)))
    watched = watch(client)
    for text in ("Ada is here", "none"):
        client.post("/predict", json={"input": text})
    until(lambda: watched.results == {"written": 1, "skipped": 1})
    (record,) = records(tmp_path)
    assert record["input"] == "… is here"
    assert "request_id" not in record
    assert watched.taken == [record]


def leave(record):
    raise SystemExit(record["input"])


def forget(record):
    record.clear()


def return_input(record):
    return record["input"]


def return_an_object(record):
    return {**record, "input": object()}


def fail(record):
    raise ValueError(record["input"])


@pytest.mark.parametrize("redact", [fail, leave, return_input, return_an_object])
def test_function_that_fails_records_nothing_and_logs_one_line_without_the_record(
    client_of, tmp_path, log, redact
):
    client = client_of(log_inputs=False, **recording(tmp_path, **redact_with(redact)))
    watched = watch(client)
    for number in range(3):
        response = client.post("/predict", json={"input": f"private {number}"})
        assert response.json() == {"prediction": f"PRIVATE {number}"}
    until(lambda: watched.results == {"failed": 3})
    assert not list(tmp_path.iterdir())
    assert watched.taken == []
    lines = [line for line in log.getvalue().splitlines() if "recording.redact failed" in line]
    assert len(lines) == 1
    assert "so nothing is recorded" in lines[0]
    assert "private" not in log.getvalue().lower()


def test_function_that_returns_nothing_leaves_records_out(client_of, tmp_path):
    client = client_of(**recording(tmp_path, **redact_with(forget)))
    watched = watch(client)
    client.post("/predict", json={"input": "a"})
    until(lambda: watched.results == {"skipped": 1})
    assert records(tmp_path) == []


async def redact_later(record):
    return record


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("no_module:redact", "Cannot import"),
        ("own_redaction:other", "the module has no plain function with this name"),
        ("own_redaction:redact", "the module has no plain function with this name"),
    ],
)
def test_function_that_cannot_be_used_ends_the_start(client_of, tmp_path, name, problem):
    redact_with(redact_later)
    with pytest.raises(ConfigError, match=rf"\n  recording\.redact: {name}: {problem}"):
        client_of(**recording(tmp_path, redact=name))
    assert not list(tmp_path.iterdir())


class Failing(Observer):
    def on_record(self, record):
        raise ValueError(record["input"])


def test_observer_that_fails_changes_nothing_and_is_one_line(client_of, tmp_path, log):
    client = client_of(log_inputs=False, **recording(tmp_path))
    client.app.state.inference_service.observer = Failing()
    for _ in range(3):
        client.post("/predict", json={"input": "private"})
    until(lambda: len(records(tmp_path)) == 3)
    lines = [line for line in log.getvalue().splitlines() if "An observer failed" in line]
    assert len(lines) == 1
    assert "to take a record: ValueError at test_redaction.py:" in lines[0]
    assert "private" not in log.getvalue()


class Uncounting(Observer):
    def on_recordings(self, result, number):
        raise ValueError("private")


def test_writer_survives_an_observer_that_fails_to_count(client_of, tmp_path, log):
    client = client_of(log_inputs=False, **recording(tmp_path))
    client.app.state.inference_service.observer = Uncounting()
    for number in range(2):
        client.post("/predict", json={"input": "a"})
        until(lambda: log.getvalue().count("Error while writing records: ValueError") > number)  # noqa: B023
    watched = watch(client)
    client.post("/predict", json={"input": "b"})
    until(lambda: watched.results == {"written": 1})
    assert "private" not in log.getvalue()
