"""Liveness and readiness of the server and the model."""

import pytest

from open_inference_conformance.checks import rejected
from open_inference_conformance.subject import UNKNOWN


def said(response):
    """Return the body, whatever the status."""
    body = response.json()
    assert isinstance(body, dict), f"expected a JSON object; got {type(body).__name__}"
    return body


@pytest.mark.statement("health-live")
def test_live_returns_200(subject):
    status = subject.get("/v2/health/live").status
    assert status == 200, f"expected exactly 200; got {status}"


@pytest.mark.statement("health-ready")
def test_ready_returns_200(subject):
    status = subject.get("/v2/health/ready").status
    assert status == 200, f"expected exactly 200; got {status}"


@pytest.mark.statement("health-live-body")
def test_live_has_a_body_that_says_so(subject):
    body = said(subject.get("/v2/health/live"))
    assert body.get("live") is True, 'expected {"live": true}; got something else'


@pytest.mark.statement("health-ready-body")
def test_ready_has_a_body_that_says_so(subject):
    body = said(subject.get("/v2/health/ready"))
    values = [body[name] for name in ("live", "ready") if name in body]
    assert values, "expected `live` or `ready`; got neither"
    assert all(value is True for value in values), f"expected true; got {values}"


@pytest.mark.statement("model-ready")
def test_model_is_ready(subject):
    status = subject.get(subject.path("ready")).status
    assert status == 200, f"expected exactly 200; got {status}"


@pytest.mark.statement("model-ready-body")
def test_readiness_of_the_model_has_a_body_that_says_so(subject):
    body = said(subject.get(subject.path("ready")))
    got = {name: body.get(name) for name in ("name", "ready")}
    wanted = {"name": subject.model, "ready": True}
    assert got == wanted, f"expected {wanted}; got {got}"


@pytest.mark.statement("model-ready-version")
def test_version_is_ready(subject, version):
    status = subject.get(subject.path("ready", version=version)).status
    assert status == 200, f"expected exactly 200; got {status}"


@pytest.mark.statement("model-ready-unknown")
def test_unknown_model_is_not_ready(subject):
    rejected(subject.get(subject.path("ready", model=UNKNOWN)))


@pytest.mark.statement("model-ready-unknown-version")
@pytest.mark.usefixtures("version")
def test_unknown_version_is_not_ready(subject):
    rejected(subject.get(subject.path("ready", version=UNKNOWN)))
