"""Inputs over HTTP, of every kind of type: read as strict JSON."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any

import pytest
from pydantic import AllowInfNan, BaseModel, Field, PlainValidator

from tests.conftest import NumericModel, TextModel


class Point(BaseModel):
    x: float
    y: float


class Colour(StrEnum):
    RED = "red"


class Picture:
    """An object that JSON cannot represent."""

    def __init__(self, pixels):
        self.pixels = pixels


class Upload(BaseModel):
    picture: Annotated[Any, PlainValidator(Picture)]


def model_of(kind):
    """Return a model that takes inputs of a type, and returns 1."""

    class Typed(NumericModel):
        example = None  # type: ignore[assignment]

        def predict(self, input_data):
            return 1.0

    Typed.predict.__annotations__.update({"input_data": kind, "return": float})
    return Typed()


@pytest.mark.parametrize(
    "value", ["[true]", "[NaN]", "[1e400]", '["1"]', "[Infinity]", "null", "1"]
)
def test_what_is_no_list_of_numbers_is_refused(client_of, value):
    answer = client_of(NumericModel()).post(
        "/predict", content='{"input": ' + value + "}", headers={"content-type": "application/json"}
    )
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (tuple[float, float], [1, 2.5], [1]),
        (date, "2026-01-31", "yesterday"),
        (Point, {"x": 1, "y": 2}, {"x": "1", "y": 2}),
        (list[Point], [{"x": 1, "y": 2}], [{"x": True, "y": 2}]),
    ],
)
def test_every_type_is_read_as_strict_json(client_of, kind, good, bad):
    client = client_of(model_of(kind))
    assert client.post("/predict", json={"input": good}).status_code == 200
    assert client.post("/predict", json={"input": bad}).status_code == 422
    assert client.post("/predict/batch", json={"inputs": [good, bad]}).status_code == 422


def test_nan_is_refused_where_null_is_not(client_of):
    class Optional(NumericModel):
        def predict(self, input_data: list[float | None]) -> float:  # type: ignore[override]
            return 1.0

    client = client_of(Optional())
    for value, status in (("null", 200), ("NaN", 422), ("1e400", 422)):
        content = '{"input": [' + value + "]}"
        for path in ("/predict", "/predict?unknown=1"):  # the fast path, and FastAPI's own
            headers = {"content-type": "application/json"}
            assert client.post(path, content=content, headers=headers).status_code == status


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (str, "a", None),
        (date, "2026-01-31", "yesterday"),
        (bytes, "aGk=", "!"),
        (Colour, "red", "blue"),
    ],
)
def test_input_in_the_query_is_read_as_text_in_json_is(client_of, kind, good, bad):
    client = client_of(model_of(kind))
    assert client.post("/predict", params={"input": good}).status_code == 200
    if bad:
        assert client.post("/predict", params={"input": bad}).status_code == 422


def test_alias_of_the_type_is_not_that_of_the_input(client_of):
    client = client_of(model_of(Annotated[str, Field(alias="text", examples=["a"])]))
    assert client.post("/predict", json={"input": "a"}).status_code == 200
    assert client.post("/predict", json={"text": "a"}).status_code == 422


def test_input_may_hold_an_object_that_json_cannot_represent(client_of):
    client = client_of(model_of(Upload))
    headers = {"content-type": "application/json"}
    for pixels, status in (("[1, null]", 200), ("[NaN]", 422)):
        content = '{"input": {"picture": ' + pixels + "}}"
        answer = client.post("/predict", content=content, headers=headers)
        assert answer.status_code == status, answer.text


def test_json_has_no_nan_whatever_the_type_allows(client_of):
    client = client_of(model_of(Annotated[float, AllowInfNan(True)]))
    headers = {"content-type": "application/json"}
    assert client.post("/predict", content='{"input": NaN}', headers=headers).status_code == 422


def test_schema_in_info_is_that_of_the_type(client_of):
    client = client_of(model_of(Point))
    (model,) = client.get("/info").json()["models"]
    assert model["inputs"] == Point.model_json_schema()


def test_times_of_the_start_are_in_info_and_in_the_log(client_of, log):
    client = client_of(model_of(int))
    (model,) = client.get("/info").json()["models"]
    assert {"load_s", "card"} & {*model} == {"load_s"}
    assert model["load_s"] >= 0
    assert f" load_s={model['load_s']}" in log.getvalue()
    (model,) = client_of(TextModel()).get("/info").json()["models"]
    assert model["warm_up_s"] >= 0
    assert f" warm_up_s={model['warm_up_s']}" in log.getvalue()


def test_body_is_required_unless_the_model_takes_text(client_of):
    for model, is_required in ((NumericModel(), True), (TextModel(), False)):
        operation = client_of(model).get("/openapi.json").json()["paths"]["/predict"]["post"]
        assert operation["requestBody"].get("required", False) is is_required
    client = client_of(NumericModel())
    assert client.post("/predict").json()["detail"] == 'Send a body {"input": …}'
    both = client.post("/predict?input=x", json={"input": [1, 2]})
    assert both.status_code == 422
    assert "?input= is for models that take text" in both.json()["detail"]


def test_openapi_lists_the_responses_to_bodies_that_are_not_read(client_of):
    paths = client_of(NumericModel()).get("/openapi.json").json()["paths"]
    for path in ("/predict", "/predict/batch"):
        assert {"413", "415", "422"} <= paths[path]["post"]["responses"].keys()
