"""Fixtures: an upstream, and services of models that it runs."""

from typing import ClassVar

import pytest
from fastapi.testclient import TestClient

from src.app import create_app
from src.config.settings import Settings
from src.models.openai_backend import OpenAIModel
from src.services import model_runner
from src.services.upstream import start
from tests.conftest import until
from tests.engine.suite.openai_compatible.fake_upstream import FakeUpstream


class Assistant(OpenAIModel):
    model_name: ClassVar[str] = "assistant"
    version: ClassVar[str] = "1"
    example: ClassVar[str] = "Hello"


@pytest.fixture(autouse=True)
def _no_long_pauses(monkeypatch):
    monkeypatch.setattr(model_runner, "FIRST_BACKOFF", 0.01)
    monkeypatch.setattr(start, "FIRST_PAUSE_S", 0.05)
    monkeypatch.setenv("OPENAI_API_KEY", "of-the-environment")


@pytest.fixture
def upstream():
    fake = FakeUpstream()
    yield fake
    fake.stop()


@pytest.fixture
def create(upstream):
    """Return a function that creates the client of a service, which has not started yet."""

    def create(model=None, options=None, failed=print, **service):
        given = {"base_url": upstream.url, "model": "tiny", "api_key": "s3cret", **(options or {})}
        settings = {"model": {"options": given}, "service": service}
        app = create_app(
            Settings.model_validate(settings), model=model or Assistant(), on_load_failure=failed
        )
        return TestClient(app)

    return create


@pytest.fixture
def serve(upstream, create):
    """Return a function that starts a service whose upstream works, and forgets the start."""
    running = []

    def serve(*arguments, **options):
        upstream.start()
        client = create(*arguments, **options).__enter__()
        running.append(client)
        until(lambda: client.get("/ready").status_code == 200)
        upstream.requests.clear()
        return client

    yield serve
    for client in running:
        client.__exit__(None, None, None)
