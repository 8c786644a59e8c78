"""The logged signature against declared types: a mismatch is one line that names both."""

from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pandas as pd
import pytest
from mlflow.models import infer_signature
from pydantic import BaseModel, Field, create_model

from src.core.errors import ConfigError
from src.models.mlflow_backend.logged_model import LoggedModel, read_logged_model
from src.models.mlflow_backend.row_types import declared_kind, fits, logged_kind
from src.models.mlflow_backend.tables import as_list, as_table
from src.models.results import Classification
from tests.engine.suite.mlflow.mlflow_models import Flat, MoodModel, PriceModel, WordModel, loaded

Four = Annotated[list[float], Field(min_length=4, max_length=4)]


def record(**fields):
    return create_model("Row", **fields)


class Tree(BaseModel):
    """A type that contains itself."""

    inner: "Tree | None" = None


FRAME = pd.DataFrame({"a": [1], "b": [1.5], "c": ["x"], "d": [True]})
WHOLE = record(a=(int, ...), b=(float, ...), c=(str, ...), d=(bool, ...))


@pytest.mark.parametrize(
    ("data", "declared", "text"),
    [
        (["x"], str, "string"),
        ([1.5], float, "number"),
        (np.zeros(3), float, "number"),
        (np.zeros((3, 4), np.float32), Four, "number[4]"),
        (np.zeros((3, 2, 4)), list[Four], "number[4][2]"),
        (np.array(["a"], object), Literal["a", "b"], "string"),
        (FRAME, WHOLE, "{a: integer, b: number, c: string, d: boolean}"),
        (FRAME[["b"]], int, "{b: number}"),
        (FRAME[["b"]], float | None, "{b: number}"),
        (pd.DataFrame({"t": [datetime(2026, 1, 1)]}), datetime, "{t: datetime}"),
        (pd.DataFrame({"t": [datetime(2026, 1, 1)]}), date, "{t: datetime}"),
        (pd.DataFrame({"t": [b"x"]}), bytes, "{t: binary}"),
        ([{"a": [1.5], "b": {"c": "x"}}], record(a=(list[int], ...), b=(Any, ...)), None),
        ([{"a": {"c": "x"}}], record(a=(record(c=(str, ...)), ...)), "{a: {c: string}}"),
        ([{"a": 1}, {"a": 2, "b": 3}], record(a=(int, ...)), "{a: integer, b?: integer}"),
        ([{"a": 1}], record(a=(int, 5)), "{a: integer}"),
        ([[1.5]], list[float], "number[]"),
        (["x"], dict[str, int], "string"),
        (["x"], Tree, "string"),
        (["x"], str | int, "string"),
    ],
)
def test_declared_type_fits(data, declared, text):
    logged = logged_kind(infer_signature(data).inputs.to_dict())
    assert text in {None, str(logged)}
    assert fits(declared_kind(declared, "validation"), logged)


@pytest.mark.parametrize(
    ("data", "declared"),
    [
        (["x"], float),
        ([1], float),
        ([1.5], str),
        ([True], int),
        (np.zeros((3, 4)), float),
        (np.zeros((3, 5)), Four),
        (np.zeros((3, 4)), list[str]),
        (FRAME, str),
        (FRAME, record(a=(int, ...), b=(float, ...), c=(str, ...))),
        (FRAME, record(a=(int, ...), b=(float, ...), c=(str, ...), d=(bool, ...), e=(int, ...))),
        (FRAME, record(a=(float, ...), b=(float, ...), c=(str, ...), d=(bool, ...))),
        (FRAME[["b"]], str),
        ([{"a": [1]}], record(a=(list[str], ...))),
    ],
)
def test_declared_type_does_not_fit(data, declared):
    logged = logged_kind(infer_signature(data).inputs.to_dict())
    assert not fits(declared_kind(declared, "validation"), logged)


@pytest.mark.parametrize(
    ("data", "is_label"),
    [(["x"], True), ([1], True), (np.zeros((3, 2)), True), ([1.5], False)],
)
def test_classification_is_a_label_or_probabilities(data, is_label):
    logged = logged_kind(infer_signature(["x"], data).outputs.to_dict())
    assert fits(logged, declared_kind(Classification, "serialization")) is is_label


def test_columns_without_names_are_an_array():
    columns = [{"type": "double"}, {"type": "double"}]
    assert str(logged_kind(columns)) == "number[2]"
    assert str(logged_kind([*columns, {"type": "string"}])) == "any[3]"
    assert str(logged_kind([{"type": "map", "name": "a"}])) == "{a: any}"


class Other(PriceModel):
    """A model of texts."""

    def predict(self, input_data: str) -> str:  # type: ignore[override]
        return input_data


class Number(WordModel):
    """A model that returns a number."""

    def predict(self, input_data: str) -> float:  # type: ignore[override]
        return 1.0


class FlatText(PriceModel):
    """A model that makes a row of a text, and a text of the prediction."""

    logged_input: ClassVar[Any] = Flat
    logged_output: ClassVar[Any] = float

    def predict(self, input_data: str) -> str:  # type: ignore[override]
        rooms, area = input_data.split()
        row = {"rooms": int(rooms), "floor area": float(area)}
        return str(round(self.values([row])[0]))


def test_mismatch_is_one_line_that_names_both(mood, price):
    with pytest.raises(ConfigError) as failure:
        loaded(Other, price)
    assert str(failure.value) == (
        f"{price}: the logged model takes {{rooms: integer, floor area: number}}, but Other takes "
        "string: change one of them, or name the type of the logged model's rows in logged_input"
    )
    with pytest.raises(ConfigError, match=r"returns string, but Number returns number: .*_output$"):
        loaded(Number, mood)


def test_class_may_name_the_types_of_the_logged_model(price):
    assert loaded(FlatText, price).predict("2 50") == "260"


def test_model_without_signature_is_loaded_with_a_warning(mood, changed, caplog):
    folder = changed(mood, lambda told: told.update(signature=None))
    assert loaded(MoodModel, folder).predict("good").label == "positive"
    assert "without a whole signature" in caplog.text
    assert read_logged_model(folder).inputs is None


def logged(data) -> list[Any]:
    return infer_signature(data).inputs.to_dict()  # type: ignore[no-any-return]


def test_rows_become_what_the_signature_asks_for():
    assert as_table(["a", "b"], []) == ["a", "b"]
    assert as_table(["a", "b"], logged(["x"])) == ["a", "b"]
    array = as_table([[1, 2], [3, 4]], logged(np.zeros((3, 2), np.float32)))
    assert (array.dtype, array.shape) == (np.float32, (2, 2))
    named = [{"name": "x", "type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1, 2]}}]
    arrays = as_table([{"x": [1, 2]}], named)
    assert arrays["x"].tolist() == [[1, 2]]
    columns = [{"name": "n", "type": "integer"}, {"name": "f", "type": "float"}]
    frame = as_table([{"n": 1, "f": 2}], columns)
    assert [str(kind) for kind in frame.dtypes] == ["int32", "float32"]
    frame = as_table([{"n": 1, "f": None}, {"n": None, "f": 1.5}], columns)
    assert frame["n"].isna().tolist() == [False, True]
    assert as_table(["a"], [{"name": "text", "type": "string"}])["text"].tolist() == ["a"]


def test_predictions_become_a_list():
    assert as_list(np.array([1, 2])) == [1, 2]
    assert as_list(pd.Series(["a"])) == ["a"]
    assert as_list(("a", "b")) == ["a", "b"]
    assert as_list(pd.DataFrame({"y": [1.5]})) == [1.5]
    assert as_list(pd.DataFrame({"y": [1], "z": [2]})) == [{"y": 1, "z": 2}]


def test_logged_model_is_what_its_file_says(price):
    told = read_logged_model(price)
    assert isinstance(told, LoggedModel)
    assert told.path_of("model.skops").is_file()
    assert told.flavors["python_function"]["loader_module"] == "mlflow.sklearn"
