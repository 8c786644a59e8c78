"""Models whose methods are `async def`: awaited on the event loop, bounded, cancelled."""

import asyncio
import threading
from typing import Any, ClassVar

import pytest

from src.app import create_app
from src.config.settings import Settings
from src.core.errors import PredictionError, PredictionTimeoutError, TransientModelError
from src.models.base import Model
from src.services import model_runner
from src.services.inference_service import InferenceService


class Remote(Model):
    """A model that waits for an upstream, and records what happens to its calls."""

    model_name: ClassVar[str] = "remote"
    version: ClassVar[str] = "1"
    example: ClassVar[str] = "example"

    def __init__(self) -> None:
        self.events: list[str] = []
        self.running = self.most = self.calls = 0
        self.thread: threading.Thread | None = None

    async def load(self) -> None:
        await asyncio.sleep(0)
        self.events.append("load")

    async def predict(self, input_data: str) -> str:
        self.calls += 1
        self.thread = threading.current_thread()
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            if input_data == "slow":
                await asyncio.sleep(60)
            await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            self.events.append("cancelled")
            raise
        finally:
            self.running -= 1
        return input_data.upper()

    async def unload(self) -> None:
        await asyncio.sleep(0)
        self.events.append("unload")


def serve(model, use, **settings):
    """Start a service on an event loop of its own, use it, and stop it."""

    async def run():
        service = InferenceService(model, Settings.model_validate({"service": settings}))
        await service.start()
        try:
            return await use(service)
        finally:
            service.stop()
            if service.runner.unloading:
                await service.runner.unloading

    return asyncio.run(run())


def test_methods_are_awaited_on_the_event_loop():
    model = Remote()
    assert serve(model, lambda service: service.predict("a")) == "A"
    assert model.thread is threading.current_thread()
    assert model.events == ["load", "unload"]


def test_calls_run_at_the_same_time_up_to_the_setting():
    inputs = [str(number) for number in range(40)]
    for concurrency in (4, 100):
        model = Remote()
        results = serve(model, lambda it: it.predict_many(inputs), concurrency=concurrency)
        assert results == inputs
        assert model.most == min(concurrency, len(inputs))


def test_requests_that_run_at_a_time_follow_the_kind_of_model():
    settings = Settings.model_validate({"service": {"threads": 3, "concurrency": 7}})
    assert InferenceService(Remote(), settings).runner.capacity == 7

    class Plain(Remote):
        def predict(self, input_data: str) -> str:  # type: ignore[override]
            return input_data

    assert InferenceService(Plain(), settings).runner.capacity == 3


def test_call_that_runs_out_of_time_is_cancelled():
    model = Remote()
    with pytest.raises(PredictionTimeoutError):
        serve(model, lambda service: service.predict("slow"), timeout=0.05)
    assert model.events == ["load", "cancelled", "unload"]


def test_cancelled_request_cancels_the_call():
    model = Remote()

    async def leave(service):
        task = asyncio.create_task(service.predict("slow"))
        while not model.running:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    serve(model, leave)
    assert model.events == ["load", "cancelled", "unload"]


@pytest.mark.parametrize("other", [TransientModelError, ValueError])
def test_cancelled_call_that_raises_another_error_is_over_time_all_the_same(other):
    class Converting(Remote):
        async def predict(self, input_data: str) -> str:
            try:
                return await super().predict(input_data)
            except BaseException as exc:
                raise other("converted") from exc

    model = Converting()
    with pytest.raises(PredictionTimeoutError):
        serve(model, lambda service: service.predict("slow"), timeout=0.05)
    assert model.calls == 2, "the example, and one attempt"


def test_call_is_made_anew_for_each_attempt(monkeypatch):
    monkeypatch.setattr(model_runner, "FIRST_BACKOFF", 0)

    class Flaky(Remote):
        example = None  # type: ignore[assignment]

        async def predict(self, input_data: str) -> str:
            if await super().predict(input_data) and self.calls < 3:
                raise TransientModelError("not yet")
            return input_data

    assert serve(Flaky(), lambda service: service.predict("a")) == "a"


@pytest.mark.parametrize(
    "wild", [SystemExit, KeyboardInterrupt, StopIteration, asyncio.CancelledError, GeneratorExit]
)
def test_no_exception_of_a_model_ends_the_task_or_the_process(wild):
    class Wild(Remote):
        async def predict(self, input_data: str) -> str:
            if input_data == "wild":
                raise wild
            return input_data

    async def both(service):
        with pytest.raises((PredictionError, GeneratorExit)):
            await service.predict("wild")
        return await service.predict("tame")

    assert serve(Wild(), both) == "tame"


def test_app_waits_for_the_model_to_unload():
    model = Remote()

    async def run():
        app = create_app(Settings(), model=model)
        async with app.router.lifespan_context(app):
            await app.state.loading

    asyncio.run(run())
    assert model.events == ["load", "unload"]


def test_http_requests_are_served_and_their_results_held_to_the_declared_type(client_of):
    client = client_of(Remote())
    assert client.post("/predict", json={"input": "a"}).json() == {"prediction": "A"}

    class Wrong(Remote):
        async def predict(self, input_data: str) -> Any:
            return 1 if input_data == "wrong" else input_data

    Wrong.predict.__annotations__["return"] = str
    client = client_of(Wrong())
    assert client.post("/predict", json={"input": "wrong"}).status_code == 500
