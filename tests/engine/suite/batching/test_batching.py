"""The batch of each call, and the inputs that an error reaches."""

import asyncio
import threading
from contextvars import copy_context
from typing import Any, ClassVar

import pytest

from src.config.settings import Settings
from src.core import errors
from src.core.errors import TransientModelError
from src.core.logger import log_context
from src.models.base import Model
from src.services import model_runner
from src.services.batching import Batcher, _Item, install
from src.services.inference_service import InferenceService
from src.services.observer import Observer


class Inline(Model):
    """A model that returns capitals; fails a number of times first, and for the word `broken`."""

    model_name: ClassVar[str] = "batched"
    version: ClassVar[str] = "1"
    inline: ClassVar[bool] = True

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.batches: list[list[str]] = []
        self.told: dict[str, float] = {}
        self.is_busy, self.may_go_on = threading.Event(), threading.Event()

    def predict(self, input_data: str) -> str:
        raise AssertionError("only batches are predicted")

    def predict_batch(self, inputs: list[str]) -> list[Any]:
        self.batches.append(inputs)
        if len(self.batches) <= self.failures:
            raise TransientModelError("not yet")
        if "broken" in inputs:
            raise ValueError("broken")
        if "exit" in inputs:
            raise SystemExit
        if "busy" in inputs:
            self.is_busy.set()
            self.may_go_on.wait(5)
        wrong = {"bad": ValueError("bad"), "stop": StopIteration()}
        results = [wrong.get(text, text.upper()) for text in inputs]
        return results if "lost" not in inputs else results[1:]


class Told(Observer):
    """An observer that tells the model of its last batch."""

    def __init__(self, model: Inline) -> None:
        self.model = model

    def on_batch(self, size: int, seconds: float) -> None:
        self.model.told |= {"batch_size": size, "batch_wait": seconds}


class Threaded(Inline):
    inline: ClassVar[bool] = False


def service_of(model, **batching):
    timeout = max(0.5, 2 * batching.get("max_batch_delay_s", 0))  # or the delay is rejected
    settings = Settings.model_validate({"batching": batching, "service": {"timeout": timeout}})
    service = InferenceService(model, settings)
    install(service, settings)
    service.observer = Told(model)
    return service


def test_delay_as_long_as_the_time_limit_is_refused():
    settings = Settings.model_validate(
        {"batching": {"max_batch_delay_s": 1}, "service": {"timeout": 1}}
    )
    with pytest.raises(errors.ConfigError, match="max_batch_delay_s: must be less than"):
        install(InferenceService(Inline(), settings), settings)


def predict(model, *inputs, **batching):
    async def together():
        calls = map(service_of(model, **batching).runner.predict, inputs)
        return await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 5)

    return asyncio.run(together())


@pytest.mark.parametrize("kind", [Inline, Threaded])
@pytest.mark.parametrize(
    ("inputs", "batches"), [("a", [["a"]]), ("abcde", [["a", "b"], ["c", "d"], ["e"]])]
)
def test_lone_request_is_predicted_alone_and_many_in_order_as_few_batches(kind, inputs, batches):
    model = kind()
    assert predict(model, *inputs, max_batch_size=2) == [*inputs.upper()]
    assert model.batches == batches
    assert (model.told["batch_size"], model.told["batch_wait"] >= 0) == (1, True)


@pytest.mark.parametrize(
    ("leaving", "batches"),
    [("", [[*"abc"]]), ("b", [[*"ac"]]), ("abc", []), (["busy"], [[*"abc"]])],
    ids=["none", "one that waits", "all that wait", "one in a batch that runs"],
)
def test_requests_of_those_who_wait_for_a_busy_model_are_one_batch(leaving, batches):
    async def check():
        predict_one = service_of(model).runner.predict
        calls = {"busy": asyncio.create_task(predict_one("busy"))}
        await asyncio.to_thread(model.is_busy.wait, 5)
        calls |= {text: asyncio.create_task(predict_one(text)) for text in "abc"}
        await asyncio.sleep(0.01)
        for text in leaving:
            calls[text].cancel()
        model.may_go_on.set()
        await asyncio.wait(calls.values())
        assert all(call.cancelled() is (text in leaving) for text, call in calls.items())

    model = Threaded()
    asyncio.run(check())
    assert model.batches == [["busy"], *batches]


@pytest.mark.parametrize(
    ("text", "error", "batches"),
    [
        ("bad", "bad", []),
        ("broken", "broken", [["a"], ["broken"], ["c"]]),
        ("stop", "The model returned StopIteration()", []),
        ("exit", "The model raised SystemExit()", [["a"], ["exit"], ["c"]]),
        ("lost", "0 results for 1 inputs", [["a"], ["lost"], ["c"]]),
    ],
)
def test_error_reaches_the_caller_that_caused_it_alone(text, error, batches):
    model = Inline()
    assert [*map(str, predict(model, "a", text, "c"))] == ["A", error, "C"]
    assert model.batches == [["a", text, "c"], *batches]


@pytest.mark.parametrize("kind", [Inline, Threaded])
def test_batch_that_fails_for_a_moment_is_tried_again_as_a_batch(kind, monkeypatch):
    monkeypatch.setattr(model_runner, "FIRST_BACKOFF", 0)  # both are back in the same step
    model = kind(failures=2)
    assert predict(model, "a", "b") == ["A", "B"]
    assert model.batches == [["a", "b"]] * 3


@pytest.mark.parametrize(
    ("pause", "delay", "batches"),
    [(0, 0, [["a", "b"]]), (0.02, 0, [["a"], ["b"]]), (0.02, 1, [["a", "b"]])],
)
def test_idle_model_waits_for_more_inputs_only_when_told_to(pause, delay, batches):
    async def check():
        runner = service_of(model, max_batch_delay_s=delay).runner
        first = asyncio.create_task(runner.predict("a"))
        await asyncio.sleep(pause)
        await asyncio.wait_for(asyncio.gather(first, runner.predict("b")), 5)

    model = Inline()
    asyncio.run(check())
    assert model.batches == batches


@pytest.mark.parametrize("pause", [0, 0.02])
def test_batch_that_is_full_is_not_waited_for(pause):
    async def check(pause):
        runner = service_of(Inline(), max_batch_size=2, max_batch_delay_s=10).runner
        first = asyncio.create_task(runner.predict("a"))
        await asyncio.sleep(pause)
        return await asyncio.wait_for(asyncio.gather(first, runner.predict("b")), 5)

    assert asyncio.run(check(pause)) == ["A", "B"]


class Parallel(Inline):
    """A model that awaits its batches: with `batcher.parallel`, several at a time."""

    inline: ClassVar[bool] = False
    may_go_on_too: asyncio.Event

    async def predict_batch(self, inputs: list[str]) -> list[Any]:  # type: ignore[override]
        self.batches.append(inputs)
        await self.may_go_on_too.wait()
        return [text.upper() for text in inputs]


@pytest.mark.parametrize(
    ("parallel", "inputs", "at_first"),
    [
        (1, "abcdef", ["abcd"]),
        (2, "a", ["a"]),
        (2, "abcdef", ["abc", "def"]),
        (2, "abcdefghij", ["abcd", "efgh"]),
        (3, "abcd", ["ab", "c", "d"]),
    ],
)
def test_batches_of_several_processes_run_at_the_same_time_and_share_what_waits(
    parallel, inputs, at_first
):
    async def check():
        service, model.may_go_on_too = service_of(model, max_batch_size=4), asyncio.Event()
        service.runner.call.__self__.parallel = parallel
        calls = [asyncio.create_task(service.runner.predict(text)) for text in inputs]
        await asyncio.sleep(0.05)
        assert ["".join(batch) for batch in model.batches] == at_first
        model.may_go_on_too.set()
        assert await asyncio.wait_for(asyncio.gather(*calls), 5) == [*inputs.upper()]
        assert not service.runner.call.__self__._workers

    model = Parallel()
    asyncio.run(check())
    assert [*"".join(map("".join, model.batches))] == [*inputs]


def test_batch_that_ended_its_process_is_not_tried_again():
    async def check():
        items = [_Item(text, asyncio.Future(), 0) for text in "ab"]
        return await Batcher(service_of(model), Settings())._predict(items)

    class Ending(Inline):
        def predict_batch(self, inputs: list[str]) -> list[Any]:
            self.batches.append(inputs)
            raise errors.ModelNotReadyError("ended")

    model = Ending()
    assert [*map(str, asyncio.run(check()))] == ["ended", "ended"]
    assert model.batches == [["a", "b"]]


def test_failed_batch_is_not_tried_again_for_those_who_have_left():
    async def check():
        service = service_of(model)
        items = [_Item(text, asyncio.Future(), 0) for text in ("left", "broken", "a")]
        items[0].result.cancel()
        return (await Batcher(service, Settings())._predict(items))[1:]

    model = Inline()
    assert [*map(str, asyncio.run(check()))] == ["broken", "A"]
    assert model.batches[1:] == [["broken"], ["a"]]


def test_lines_of_a_batch_carry_no_request_id():
    class Told(Inline):
        def predict_batch(self, inputs: list[str]) -> list[Any]:
            return [log_context.get() for _ in inputs]

    def predict_both():
        log_context.set({"request_id": "of one of them"})
        return predict(Told(), "a", "b")

    assert copy_context().run(predict_both) == [None, None]


def test_model_without_a_batch_of_its_own_is_called_as_ever():
    class Single(Inline):
        predict_batch = Model.predict_batch

    runner = service_of(Single()).runner
    assert runner.call == runner._call


def test_service_that_ends_leaves_no_caller_waiting():
    service = service_of(Threaded())
    service.runner.stop()
    with pytest.raises(RuntimeError, match="shutdown"):
        asyncio.run(asyncio.wait_for(service.runner.predict("a"), 5))


def test_batch_that_hangs_holds_its_thread_and_not_the_queue():
    async def check():
        runner = service_of(model).runner
        with pytest.raises(errors.PredictionTimeoutError):
            await runner.predict("busy")
        result = await runner.predict("a")
        model.may_go_on.set()
        return result

    model = Threaded()
    assert asyncio.run(check()) == "A"


def test_batches_of_an_async_model_are_awaited():
    class Remote(Threaded):
        async def predict(self, input_data: str) -> str:  # type: ignore[override]
            raise AssertionError("only batches are predicted")

        async def predict_batch(self, inputs: list[str]) -> list[Any]:  # type: ignore[override]
            await asyncio.sleep(0)
            return Inline.predict_batch(self, inputs)

    model = Remote()
    service = service_of(model)

    async def several():
        await service.start()
        return await service.predict_many(["a", "bad", "c"])

    first, second, third = asyncio.run(several())
    assert (first, third) == ("A", "C")
    assert isinstance(second, errors.PredictionError)
    assert model.batches == [["a", "bad", "c"]]
