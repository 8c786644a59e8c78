"""Faults of an upstream: the response, the log line and the metric of each."""

import time

import pytest

from src.config.settings import Settings
from tests.conftest import until
from tests.engine.suite.openai_compatible import fake_upstream as fake
from tests.engine.suite.openai_compatible.test_upstream_requests import events_of

HI = {"input": "Hi"}
NEVER = 1000  # failures in a row


def metric(client, series):
    lines = client.get("/metrics").text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(series))


def errors(client, kind):
    return metric(client, f'inference_errors_total{{error="{kind}",model="assistant"')


def retries(client):
    return metric(client, "inference_retries_total{")


@pytest.mark.parametrize("fault", [fake.reset, fake.fail(500), fake.fail(503), fake.fail(408)])
def test_fault_that_passes_is_retried(serve, upstream, log, fault):
    client = serve()
    upstream.plan += [fault]
    answer = client.post("/predict", json=HI, headers={"X-Request-ID": "whose"})
    assert answer.status_code == 200
    assert len(upstream.requests) == 2
    assert f"Retry 1 of a prediction, after: TransientModelError('{upstream.url}" in log.getvalue()
    assert "request_id=whose" in log.getvalue()
    assert retries(client) == 1


def test_fault_that_stays_is_503_within_the_attempts(serve, upstream, log):
    client = serve(max_retries=2, options={"open_after": NEVER})
    upstream.plan += [fake.fail(500)] * 3
    answer = client.post("/predict", json=HI)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert upstream.url not in answer.text
    assert len(upstream.requests) == 3
    assert f"{upstream.url} responded 500: told 500" in log.getvalue()
    assert errors(client, "TransientModelError") == 1


def test_slow_upstream_is_504_at_the_deadline_and_its_request_is_cancelled(serve, upstream, log):
    client = serve(timeout=0.5)
    upstream.plan += [fake.hang]
    started = time.monotonic()
    assert client.post("/predict", json=HI).status_code == 504
    assert time.monotonic() - started < 2
    assert upstream.disconnected.wait(10)
    assert len(upstream.requests) == 1
    assert "Error during prediction: PredictionTimeoutError(" in log.getvalue()
    assert errors(client, "PredictionTimeoutError") == 1


def test_all_attempts_have_one_deadline(serve, upstream):
    """One attempt that fails and one that hangs take no longer than one that hangs."""
    client = serve(timeout=0.6)
    upstream.plan += [fake.fail(500), fake.hang]
    started = time.monotonic()
    assert client.post("/predict", json=HI).status_code == 504
    assert time.monotonic() - started < 2
    assert len(upstream.requests) == 2


def test_retry_after_of_a_busy_upstream_is_respected(serve, upstream):
    client = serve()
    upstream.plan += [fake.fail(429, retry_after="0.4")]
    started = time.monotonic()
    assert client.post("/predict", json=HI).status_code == 200
    assert time.monotonic() - started >= 0.4
    assert retries(client) == 1


def test_retry_after_beyond_the_deadline_is_503_at_once(serve, upstream, log):
    client = serve(timeout=5)
    upstream.plan += [fake.fail(429, retry_after="77")]
    answer = client.post("/predict", json=HI)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "77")
    assert len(upstream.requests) == 1
    assert client.post("/predict", json=HI).status_code == 503
    assert len(upstream.requests) == 1, "others wait, too"
    assert f"{upstream.url} responded 429: told 429" in log.getvalue()
    assert errors(client, "UpstreamUnavailableError") == 2


def test_busy_upstream_is_no_failure(serve, upstream):
    client = serve(options={"open_after": 1})
    upstream.plan += [fake.fail(429)]
    assert client.post("/predict", json=HI).status_code == 200
    assert metric(client, "upstream_breaker_open{") == 0


NONSENSE = {
    "page": fake.html,
    "page as JSON": fake.reply(b"<html>"),
    "no JSON": fake.reply(b'{"choices": ['),
    "no choices": fake.reply(fake.completion(choices=[])),
    "choices of another kind": fake.reply(fake.completion(choices=3)),
    "list": fake.reply([]),
    "null": fake.reply(None),
    "text of another kind": fake.reply(fake.completion(text={"a": 1})),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("response", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_is_502_and_not_retried(serve, upstream, log, response):
    client = serve()
    upstream.plan += [response]
    answer = client.post("/predict", json=HI)
    assert answer.status_code == 502
    assert answer.json()["detail"] == "The upstream of the model failed"
    assert len(upstream.requests) == 1
    line = f"WARNING - model.options.base_url: {upstream.url} did not respond as the API of OpenAI"
    assert line in log.getvalue()
    assert "Traceback" not in log.getvalue()
    assert errors(client, "UpstreamError") == 1


@pytest.mark.parametrize(
    ("status", "setting"), [(401, "api_key"), (403, "api_key"), (404, "model")]
)
def test_rejection_names_the_setting_in_the_log_only(serve, upstream, log, status, setting):
    client = serve(options={"open_after": 1})
    upstream.plan += [fake.fail(status)]
    answer = client.post("/predict", json=HI)
    assert (answer.status_code, len(upstream.requests)) == (502, 1)
    assert "told" not in answer.text
    line = f"model.options.{setting}: {upstream.url} responded {status}: told {status}"
    assert line in log.getvalue()
    assert errors(client, "UpstreamError") == 1
    assert client.post("/predict", json=HI).status_code == 200, "the breaker is closed"


def test_input_that_the_upstream_rejects_is_422_with_its_reason(serve, upstream):
    client = serve()
    upstream.plan += [fake.fail(400)]
    answer = client.post("/predict", json=HI)
    assert (answer.status_code, answer.json()["detail"]) == (422, "told 400")
    assert len(upstream.requests) == 1


def test_stream_is_retried_before_its_first_chunk(serve, upstream):
    client = serve()
    upstream.plan += [fake.fail(500), fake.stream(end=fake.reset)]
    events = events_of(client.post("/predict/stream", json=HI))
    assert [event["prediction"]["text"] for event in events] == ["Hel", "lo", ""]
    assert len(upstream.requests) == 3


async def end(exchange):
    exchange.writer.close()


ENDS = {"killed": fake.reset, "ended early": end}


@pytest.mark.parametrize("last", ENDS.values(), ids=ENDS)
def test_stream_that_breaks_after_its_first_chunk_ends_with_an_error(serve, upstream, log, last):
    client = serve()
    upstream.plan += [fake.stream("Hel", end=last)]
    first, error = events_of(client.post("/predict/stream", json=HI))
    assert first["prediction"]["text"] == "Hel"
    assert error == {"error": "The model is temporarily unavailable"}
    assert len(upstream.requests) == 1
    assert "Error during prediction: TransientModelError(" in log.getvalue()
    assert errors(client, "TransientModelError") == 1


LAST = {
    b'data: {"error": {"message": "out of memory"}}': "The model is temporarily unavailable",
    b"data: {broken": "The upstream of the model failed",
    b'data: {"choices": 3}': "The upstream of the model failed",
}


@pytest.mark.parametrize(("line", "error"), LAST.items())
def test_error_or_nonsense_within_a_stream_ends_it(serve, upstream, line, error):
    async def tell(exchange):
        exchange.writer.write(line + b"\n\n")
        await end(exchange)

    client = serve()
    upstream.plan += [fake.stream("Hel", end=tell)]
    assert events_of(client.post("/predict/stream", json=HI))[1] == {"error": error}
    assert len(upstream.requests) == 1


def test_chunk_that_takes_too_long_ends_the_stream(serve, upstream):
    client = serve(timeout=0.5)
    upstream.plan += [fake.stream("Hel", end=fake.hang)]
    _, error = events_of(client.post("/predict/stream", json=HI))
    assert "0.5 s" in error["error"] or "in time" in error["error"]
    assert upstream.disconnected.wait(10)


def test_breaker_opens_responds_at_once_and_closes_again(serve, upstream, log):
    client = serve(max_retries=0, options={"open_after": 2, "open_s": 0.5})
    upstream.plan += [fake.fail(500), fake.reset, fake.fail(500)]
    for _ in range(2):
        assert client.post("/predict", json=HI).status_code == 503
    assert metric(client, "upstream_breaker_open{") == 1
    answer = client.post("/predict", json=HI)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["detail"] == "The upstream of the model is not available"
    assert len(upstream.requests) == 2, "nothing is sent"
    assert client.get("/ready").status_code == 200
    assert f"Requests to {upstream.url} are rejected for 0.5 s" in log.getvalue()
    assert errors(client, "UpstreamUnavailableError") == 1

    until(lambda: client.post("/predict", json=HI) and len(upstream.requests) == 3)
    assert metric(client, "upstream_breaker_open{") == 1, "the one that tried has failed"
    until(lambda: client.post("/predict", json=HI).status_code == 200)
    assert metric(client, "upstream_breaker_open{") == 0
    assert f"Requests to {upstream.url} pass again" in log.getvalue()


def test_slow_upstream_opens_the_breaker(serve, upstream):
    client = serve(timeout=0.3, options={"open_after": 2, "open_s": 60})
    upstream.plan += [fake.hang] * 2
    statuses = [client.post("/predict", json=HI).status_code for _ in range(3)]
    assert statuses == [504, 504, 503]


def test_settings_hide_the_key():
    settings = Settings.model_validate({"model": {"options": {"api_key": "s3cret"}}})
    assert "s3cret" not in repr(settings)
