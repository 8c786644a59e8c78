"""Inputs as MLflow's models take them, and their predictions as lists."""

from typing import Any

from pydantic import BaseModel

COLUMN_TYPES = {"boolean": "bool", "integer": "int32", "long": "int64"}
COLUMN_TYPES |= {"float": "float32", "double": "float64"}


def as_table(inputs: list[Any], logged: list[Any]) -> Any:
    """Return a data frame, arrays or a list, as the columns or tensors of a signature ask for."""
    rows = [*map(_as_row, inputs)]
    named = {entry["name"]: entry for entry in logged if "name" in entry}
    if named and not isinstance(rows[0], dict):  # the value of the only column
        rows = [dict.fromkeys(named, row) for row in rows]
    if logged and logged[0]["type"] == "tensor":
        arrays = {name: _array([row[name] for row in rows], named[name]) for name in named}
        return arrays or _array(rows, logged[0])
    return _frame(rows, named) if named else rows


def _as_row(value: Any) -> Any:
    """Return an input with the names that its fields have in JSON: those of columns."""
    return value.model_dump(by_alias=True) if isinstance(value, BaseModel) else value


def _array(rows: list[Any], tensor: Any) -> Any:
    import numpy as np

    return np.asarray(rows, tensor["tensor-spec"]["dtype"])


def _frame(rows: list[Any], columns: dict[str, Any]) -> Any:
    import pandas as pd

    frame = pd.DataFrame(rows, columns=[*columns])
    types = {name: COLUMN_TYPES.get(column["type"]) for name, column in columns.items()}
    whole = [name for name in columns if types[name] and frame[name].notna().all()]
    return frame.astype({name: types[name] for name in whole})


def as_list(predictions: Any) -> list[Any]:
    """Return a prediction for each row of an array, a series, a data frame or a list."""
    names = [*getattr(predictions, "columns", ())]
    if len(names) > 1:
        records: list[Any] = predictions.to_dict("records")
        return records
    if names:
        predictions = predictions[names[0]]
    return predictions.tolist() if hasattr(predictions, "tolist") else [*predictions]
