"""Services of models that a test writes, in this process."""

import asyncio
import io

import pytest
from fastapi.testclient import TestClient
from src.app import create_app
from src.config.settings import Settings
from src.core.logger import configure_logging
from src.models.base import Model
from src.services.inference_service import InferenceService


@pytest.fixture
def log():
    """Return the log of the service."""
    stream = io.StringIO()
    configure_logging(Settings(), stream)
    yield stream
    configure_logging(Settings())


@pytest.fixture
def model_of():
    """Make a model with the given types, and with members that replace its own."""

    def make(takes, gives, answer, /, **members):
        def call(self, input_data):
            self.calls.append(input_data)
            return answer(input_data)

        call.__annotations__ = {"input_data": takes, "return": gives}
        members = {"predict": call, "calls": [], "model_name": "fake", "version": "1", **members}
        return type("Fake", (Model,), members)()

    return make


@pytest.fixture
def service_of():
    """Start the inference service of a model."""

    def start(served, **settings):
        service = InferenceService(served, Settings.model_validate(settings))
        asyncio.run(service.start())
        return service

    return start


@pytest.fixture
def predict():
    """Predict for inputs, one after the other."""

    def run(service, *inputs):
        async def each():
            return [await service.predict(input_data) for input_data in inputs]

        return asyncio.run(each())

    return run


@pytest.fixture
def client_of():
    """Start apps that serve a given model, and return clients of them."""
    running = []

    def start(served, **settings):
        app = create_app(Settings.model_validate(settings), model=served)
        client = TestClient(app).__enter__()
        running.append(client)
        client.portal.call(asyncio.wait, {app.state.loading})
        return client

    yield start
    for client in running:
        client.__exit__(None, None, None)
