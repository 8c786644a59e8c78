"""The start: patient while the upstream is down, one line where it rejects the service."""

import pytest

from src.core.errors import ConfigError
from tests.conftest import until
from tests.engine.suite.openai_compatible import fake_upstream as fake


def test_service_waits_for_an_upstream_that_is_down(create, upstream, log):
    with create() as client:
        until(lambda: log.getvalue().count("Waiting for") == 2)
        assert client.get("/health").status_code == 200
        answer = client.get("/ready")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        detail = f"The model assistant is not ready: it waits for {upstream.url}"
        assert answer.json()["detail"] == detail
        assert client.post("/predict", json={"input": "Hi"}).json()["detail"] == detail
        assert client.get("/v2/models/assistant/ready").status_code == 503
        assert (
            f"Waiting for {upstream.url}, next attempt in 0.05 s: {upstream.url}" in log.getvalue()
        )
        assert f"Waiting for {upstream.url}, next attempt in 0.1 s: " in log.getvalue()
        upstream.start()
        until(lambda: client.get("/ready").status_code == 200)
        assert client.post("/predict", json={"input": "Hi"}).status_code == 200
    assert "Traceback" not in log.getvalue()


@pytest.mark.parametrize("fault", [fake.fail(500), fake.reset, fake.hang, fake.fail(429)])
def test_service_waits_for_an_upstream_whose_model_is_not_there_yet(create, upstream, log, fault):
    upstream.start().plan += [fault] * 2
    with create(timeout=0.3) as client:
        until(lambda: client.get("/ready").status_code == 200)
    assert log.getvalue().count("Waiting for") >= 1


FAULTS = {
    "wrong key": ("models", fake.fail(401), "model.options.api_key: {} responded 401: told 401"),
    "wrong key, open list": ("plan", fake.fail(401), "model.options.api_key: {} responded 401"),
    "unknown model": ("plan", fake.fail(404), "model.options.model: {} responded 404: told 404"),
    "wrong address": ("models", fake.html, "model.options.base_url: {} did not respond as the API"),
    "example": ("plan", fake.fail(400), "{}: told 400"),
}


@pytest.mark.parametrize(("step", "fault", "line"), FAULTS.values(), ids=FAULTS)
def test_rejection_ends_the_start_in_one_line(create, upstream, step, fault, line):
    upstream.start()
    if step == "models":
        upstream.models = fault
    else:
        upstream.plan += [fault]
    failures: list[Exception] = []
    with create(failed=failures.append):
        until(lambda: failures)
    (failure,) = failures
    assert isinstance(failure, ConfigError)
    assert str(failure).startswith(line.format(upstream.url))
    assert "\n" not in str(failure)


def test_upstream_without_a_list_of_models_is_used(serve, upstream):
    upstream.models = fake.fail(404)
    assert serve().post("/predict", json={"input": "Hi"}).status_code == 200


def test_model_that_is_not_listed_is_a_warning(serve, upstream, log):
    serve(options={"model": "other"})
    assert f"{upstream.url} does not list the model other, only: tiny" in log.getvalue()


def test_another_version_does_not_wait(create, upstream):
    """The one that it would replace predicts meanwhile."""
    client = create()
    client.app.state.inference_service.runner.waits_for_source = False
    failures: list[Exception] = []
    client.app.state.on_load_failure = failures.append
    with client:
        until(lambda: failures)
    assert upstream.url in str(failures)


def test_service_ends_while_it_waits(create, log):
    with create():
        until(lambda: "Waiting for" in log.getvalue())


def test_breaker_never_changes_readiness(serve, upstream):
    client = serve(max_retries=0, options={"open_after": 1, "open_s": 60})
    upstream.plan += [fake.fail(500)]
    assert client.post("/predict", json={"input": "Hi"}).status_code == 503
    assert client.post("/predict", json={"input": "Hi"}).status_code == 503
    assert client.get("/ready").status_code == 200


def test_other_models_do_not_name_an_upstream(client_of):
    service = (client := client_of()).app.state.inference_service
    service.loaded = False
    assert client.get("/ready").json()["detail"] == "The model echo is not ready"
    service.loaded = True
