"""Predictions without HTTP: readiness, cache, the check of the output, the log lines."""

import asyncio
import re
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel

from src.config.settings import Settings
from src.core import errors
from src.models.base import Model
from src.services.inference_service import InferenceService


class Fake(Model):
    """A model that returns a given value, or raises it if it is an exception."""

    model_name: ClassVar[str] = "fake"
    version: ClassVar[str] = "1.2.3"
    inline: ClassVar[bool] = True

    def __init__(self, result: Any = "RESULT") -> None:
        self.result = result
        self.inputs: list[Any] = []

    def predict(self, input_data: str) -> str:
        self.inputs.append(input_data)
        if isinstance(self.result, Exception):
            raise self.result
        result: str = self.result
        return result


class FakeNumbers(Fake):
    def predict(self, input_data: int | float | bool) -> float:  # type: ignore[override]
        return super().predict(input_data)  # type: ignore[arg-type, return-value]


def service_of(fake, **settings):
    service = InferenceService(fake, Settings.model_validate(settings))
    asyncio.run(service.start())
    return service


def predict(service, *inputs):
    async def each():
        return [await service.predict(input_data) for input_data in inputs]

    return asyncio.run(each())


def test_nothing_is_predicted_before_start_and_after_stop():
    service = InferenceService(Fake(), Settings())
    with pytest.raises(errors.ModelNotReadyError):
        predict(service, "x")
    asyncio.run(service.start())
    assert predict(service, "x") == ["RESULT"]
    service.stop()
    with pytest.raises(errors.ModelNotReadyError):
        predict(service, "y")
    service.stop()


def test_name_and_version_come_from_the_model_unless_configured():
    service = InferenceService(Fake(), Settings())
    assert (service.name, service.version) == ("fake", "1.2.3")
    settings = Settings.model_validate({"model": {"name": "other", "version": "9"}})
    service = InferenceService(Fake(), settings)
    assert (service.name, service.version) == ("other", "9")


def test_lines_of_a_prediction(log):
    predict(service_of(Fake()), "This is good " * 10)
    loading, cold, loaded, making, result = log.getvalue().splitlines()
    assert loading.endswith(" - INFO - Loading model: fake model=fake@1.2.3")
    assert cold.endswith(" - WARNING - Not warmed up: Fake has no example")
    assert " - INFO - Loaded model: fake model=fake@1.2.3 environment=development load_s=" in loaded
    text = ("This is good " * 10)[:50]
    assert making.endswith(f" - INFO - Making prediction for input: {text}... model=fake@1.2.3")
    assert re.search(r" - INFO - Prediction result: RESULT model=fake@1\.2\.3 ms=[\d.]+$", result)


def test_result_is_cut_like_the_input(log):
    predict(service_of(Fake("r" * 1000)), "x")
    assert f"Prediction result: {'r' * 50} model=" in log.getvalue()


def test_inputs_and_results_can_be_left_out_of_the_log(log):
    service = service_of(Fake(), log_inputs=False)
    predict(service, "secret")
    failing = service_of(Fake(ValueError("secret")), log_inputs=False)
    with pytest.raises(errors.PredictionError):
        predict(failing, "secret")
    assert "secret" not in log.getvalue()
    assert "RESULT" not in log.getvalue()
    assert "Making prediction for input: (str, not shown)..." in log.getvalue()
    assert "Error during prediction: (ValueError, not shown)" in log.getvalue()


def test_failure_is_logged_once_with_its_traceback_and_told_without(log):
    with pytest.raises(errors.PredictionError, match="The model failed"):
        predict(service_of(Fake(ValueError("internals"))), "x")
    assert "ERROR - Error during prediction: ValueError('internals') model=" in log.getvalue()
    assert log.getvalue().count("Traceback") == 1


def test_refused_input_is_one_line_without_traceback(log):
    with pytest.raises(errors.InvalidInputError, match="English only"):
        predict(service_of(Fake(errors.InvalidInputError("English only"))), "x")
    assert " - INFO - Error during prediction: InvalidInputError" in log.getvalue()
    assert "Traceback" not in log.getvalue()


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), None, "text", [1.0], object()])
def test_output_that_is_not_what_was_declared_is_an_error(wrong):
    with pytest.raises(errors.PredictionError):
        predict(service_of(FakeNumbers(wrong)), 1)


def test_equal_input_is_predicted_once():
    model = Fake()
    assert predict(service_of(model), "a", "b", "a", "b") == ["RESULT"] * 4
    assert model.inputs == ["a", "b"]


def test_cache_tells_apart_what_python_takes_for_equal():
    model = FakeNumbers(1.0)
    predict(service_of(model), *[1, 1.0, True])
    assert model.inputs == [1, 1.0, True]


def test_least_recently_used_prediction_leaves_the_cache():
    model = Fake()
    predict(service_of(model, model={"cache_size": 2}), "a", "b", "a", "c", "a", "b")
    assert model.inputs == ["a", "b", "c", "b"]


def test_cache_can_be_turned_off():
    model = Fake()
    assert predict(service_of(model, model={"cache_size": 0}), "a", "a") == ["RESULT"] * 2
    assert model.inputs == ["a", "a"]


def test_failures_are_not_cached():
    model = Fake(ValueError())
    service = service_of(model)
    for _ in range(2):
        with pytest.raises(errors.PredictionError):
            predict(service, "a")
    assert model.inputs == ["a", "a"]


def test_error_of_a_batch_stands_in_its_own_place():
    class Picky(Fake):
        def predict(self, input_data: str) -> str:
            if input_data == "bad":
                raise errors.InvalidInputError("bad")
            return input_data.upper()

    results = asyncio.run(service_of(Picky()).predict_many(["a", "bad", "c"]))
    assert results[0] == "A"
    assert isinstance(results[1], errors.InvalidInputError)
    assert results[2] == "C"


def test_structured_types_work():
    class Point(BaseModel):
        x: float
        y: float

    class Norm(Fake):
        def predict(self, input_data: Point) -> Point:  # type: ignore[override]
            return Point(x=input_data.y, y=input_data.x)

    assert predict(service_of(Norm()), Point(x=1, y=2)) == [Point(x=2, y=1)]


def test_nan_inside_a_class_is_an_error():
    class Point(BaseModel):
        x: float

    class Broken(Fake):
        def predict(self, input_data: str) -> list[Point]:  # type: ignore[override]
            return [Point(x=float("nan"))]

    with pytest.raises(errors.PredictionError):
        predict(service_of(Broken()), "x")
