"""How a model is called: where, how long, how often."""

import asyncio
import threading
import time
from typing import ClassVar

import pytest

from src.config.settings import ServiceSettings
from src.core.errors import PredictionTimeoutError, TransientModelError
from src.core.logger import log_context
from src.models.base import Model
from src.services import model_runner
from src.services.model_runner import ModelRunner


class Threaded(Model):
    """A model that returns the name of its thread; fails a given number of times first."""

    model_name: ClassVar[str] = "threaded"
    version: ClassVar[str] = "1"

    def __init__(self, failures: int = 0, seconds: float = 0) -> None:
        self.failures = failures
        self.seconds = seconds
        self.calls = 0

    def predict(self, input_data: str) -> str:
        self.calls += 1
        time.sleep(self.seconds)
        if self.calls <= self.failures:
            raise TransientModelError("remote said: internal details")
        return threading.current_thread().name


class Inline(Threaded):
    inline: ClassVar[bool] = True


@pytest.fixture(autouse=True)
def _short_backoff(monkeypatch):
    monkeypatch.setattr(model_runner, "FIRST_BACKOFF", 0.001)


def run(model, input_data="x", **limits):
    async def predict():
        runner = ModelRunner(model, ServiceSettings(**limits))
        await runner.start()
        try:
            return await runner.predict(input_data)
        finally:
            runner.stop()

    return asyncio.run(predict())


@pytest.mark.parametrize("kind", [Threaded, Inline])
@pytest.mark.parametrize(
    "wild", [SystemExit, KeyboardInterrupt, StopIteration, asyncio.CancelledError]
)
def test_what_would_end_the_process_is_an_error_of_the_model(kind, wild):
    class Wild(kind):  # type: ignore[misc, valid-type]
        def predict(self, input_data: str) -> str:
            raise wild

    with pytest.raises(RuntimeError, match=f"The model raised {wild.__name__}"):
        run(Wild())


def test_model_runs_in_a_thread_unless_it_declares_itself_inline():
    assert run(Threaded()).startswith("predict")
    assert run(Inline()) == threading.current_thread().name


def test_pauses_between_attempts_have_jitter(monkeypatch):
    async def sleep(seconds):
        pauses.append(seconds)

    pauses: list[float] = []
    monkeypatch.setattr(model_runner, "FIRST_BACKOFF", 1)
    monkeypatch.setattr(asyncio, "sleep", sleep)
    for _ in range(10):
        run(Threaded(failures=2))
    for number, typical in enumerate((1, 2)):
        found = pauses[number::2]
        assert len({*found}) == 10
        assert 0.5 * typical <= min(found) < max(found) <= 1.5 * typical


def test_slow_prediction_times_out():
    with pytest.raises(PredictionTimeoutError, match=r"No result within 0\.05 s"):
        run(Threaded(seconds=0.3), timeout=0.05)


def test_inline_model_is_exempt_from_the_time_limit():
    assert run(Inline(seconds=0.02), timeout=0.001)


def test_time_limit_holds_for_all_attempts_together():
    with pytest.raises(PredictionTimeoutError):
        run(Threaded(failures=9, seconds=0.04), timeout=0.1, max_retries=9)


def test_timeout_of_the_model_itself_is_passed_on():
    class Impatient(Threaded):
        def predict(self, input_data: str) -> str:
            raise TimeoutError("connection")

    with pytest.raises(TimeoutError, match="connection"):
        run(Impatient())


@pytest.mark.parametrize("kind", [Threaded, Inline])
def test_transient_failure_is_tried_again(kind):
    model = kind(failures=2)
    assert run(model, max_retries=2)
    assert model.calls == 3


def test_attempts_are_spaced_ever_further(monkeypatch):
    waits = []

    async def sleep(seconds):
        waits.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    run(Inline(failures=3), max_retries=3)
    for wait, about in zip(waits, [0.001, 0.002, 0.004], strict=True):
        assert 0.5 * about <= wait <= 1.5 * about


def test_retries_end_and_keep_the_models_words_inside():
    model = Threaded(failures=9)
    with pytest.raises(TransientModelError, match="The model is temporarily unavailable"):
        run(model, max_retries=1)
    assert model.calls == 2


def test_other_failures_are_not_tried_again():
    class Broken(Threaded):
        def predict(self, input_data: str) -> str:
            self.calls += 1
            raise ValueError("bug")

    model = Broken()
    with pytest.raises(ValueError, match="bug"):
        run(model, max_retries=3)
    assert model.calls == 1


def test_example_warms_the_model_up():
    class Warm(Threaded):
        example: ClassVar[str] = "warm"

    model = Warm()
    run(model)
    assert model.calls == 2


def test_lines_of_the_model_carry_the_request_id():
    class Curious(Threaded):
        def predict(self, input_data: str) -> str:
            return str(log_context.get())

    token = log_context.set({"request_id": "abc"})
    seen = run(Curious())
    log_context.reset(token)
    assert "abc" in seen
