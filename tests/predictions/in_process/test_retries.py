"""Each retry is in the log, with its reason, and in the metrics; a stream is retried, too."""

import json
import logging
from collections.abc import Iterator

import pytest
from src.core.errors import TransientModelError
from src.services import model_runner

REASON = "upstream said: 429, " + "slow down " * 20


@pytest.fixture(autouse=True)
def _short_backoff(monkeypatch):
    monkeypatch.setattr(model_runner, "FIRST_BACKOFF", 0.001)


@pytest.fixture
def failing(model_of):
    """Make a model that fails a number of times first."""

    def make(failures, after=(), **members):
        def predict(text):
            if len(model.calls) <= failures:
                raise TransientModelError(REASON)
            return text

        def predict_stream(self, input_data: str) -> Iterator[str]:
            self.calls.append(input_data)
            yield from after
            yield predict(input_data)
            yield "end"

        model = model_of(str, str, predict, predict_stream=predict_stream, **members)
        return model

    return make


def lines(log, *words):
    return [line for line in log.getvalue().splitlines() if all(word in line for word in words)]


def metric(client, series):
    found = [line for line in client.get("/metrics").text.splitlines() if line.startswith(series)]
    return sum(float(line.rpartition(" ")[2]) for line in found)


def test_each_retry_is_a_warning_with_its_reason_and_counted(failing, client_of, log):
    client = client_of(failing(2))
    assert client.post("/predict?input=x", headers={"X-Request-ID": "whose"}).status_code == 200
    told = lines(log, " - WARNING - ", "Retry ", REASON, "request_id=whose", "model=fake@1")
    assert len(told) == 2
    assert "Retry 1 " in told[0]
    assert "Retry 2 " in told[1]
    assert metric(client, "inference_retries_total{") == 2


def test_last_error_keeps_its_reason_in_the_log_and_from_the_client(failing, client_of, log):
    client = client_of(failing(9))
    answer = client.post("/predict?input=x")
    assert answer.status_code == 503
    assert "upstream said" not in answer.text
    assert lines(log, "Error during prediction: TransientModelError(", REASON)
    assert metric(client, "inference_retries_total{") == 3


def test_reason_is_left_out_where_inputs_are(failing, client_of, log):
    client = client_of(failing(9), log_inputs=False)
    client.post("/predict?input=x")
    assert "upstream said" not in log.getvalue()
    assert len(lines(log, "Retry ", "(TransientModelError, not shown)")) == 3


def test_stream_is_retried_before_its_first_part(failing, client_of, log):
    client = client_of(failing(2))
    answer = client.post("/predict/stream", json={"input": "x"})
    events = [json.loads(line[6:]) for line in answer.text.splitlines() if line[:5] == "data:"]
    assert events == [{"prediction": "x"}, {"prediction": "end"}]
    assert len(lines(log, "Retry ", REASON)) == 2
    assert metric(client, "inference_retries_total{") == 2


def test_stream_that_has_begun_is_not_retried(failing, client_of, log):
    model = failing(1, after=("first",))
    answer = client_of(model).post("/predict/stream", json={"input": "x"})
    assert "first" in answer.text
    assert "upstream said" not in answer.text
    assert len(model.calls) == 1
    assert lines(log, "Error during prediction: TransientModelError(", REASON)
    assert not lines(log, "Retry ")


def test_retries_of_a_stream_end(failing, client_of):
    model = failing(9)
    assert client_of(model).post("/predict/stream", json={"input": "x"}).status_code == 503
    assert len(model.calls) == 4


def test_level_of_the_log_is_respected(failing, client_of, log):
    logging.getLogger("src").setLevel("ERROR")
    client_of(failing(1)).post("/predict?input=x")
    assert "Retry" not in log.getvalue()
