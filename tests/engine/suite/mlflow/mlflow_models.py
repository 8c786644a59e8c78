"""Models of MLflow, small enough for tests, and classes that serve them."""

from typing import Any, ClassVar

import mlflow
import pandas as pd
import yaml
from mlflow.models import infer_signature
from pydantic import BaseModel, Field
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline

from src.models.mlflow_backend import MlflowModel
from src.models.results import Classification

TEXTS, LABELS = ["good", "bad", "good day", "bad day"], ["positive", "negative"] * 2
FLATS = pd.DataFrame({"rooms": [1, 2, 3], "floor area": [20.0, 50.0, 80.0]})
PRICES = pd.DataFrame({"price": [100.0, 260.0, 420.0]})
OPTIONS: Any = {"pip_requirements": ["scikit-learn"], "serialization_format": "skops"}
SCRIPT = """
from mlflow.pyfunc import PythonModel
from mlflow.models import set_model

class Own(PythonModel):
    def predict(self, context, model_input, params=None):
        import own_words
        return [own_words.PREFIX + text for text in model_input.iloc[:, 0]]

set_model(Own())
"""


class MoodModel(MlflowModel):
    """Classify a text."""

    model_name: ClassVar[str] = "mood"
    example: ClassVar[str] = "good"

    def predict(self, input_data: str) -> Classification:
        return self.classify([input_data])[0]


class Flat(BaseModel):
    """A flat; the name of a column is no name of Python."""

    rooms: int
    area: float = Field(alias="floor area")


class PriceModel(MlflowModel):
    """Estimate the price of a flat."""

    model_name: ClassVar[str] = "price"

    def predict(self, input_data: Flat) -> float:
        return float(self.values([input_data])[0])


class WordModel(MlflowModel):
    """Return a text with a prefix."""

    model_name: ClassVar[str] = "words"

    def predict(self, input_data: str) -> str:
        return str(self.values([input_data])[0])


def train_mood(positive="positive"):
    """Return a classifier of texts, with a name for its label."""
    labels = [label.replace("positive", positive) for label in LABELS]
    return make_pipeline(CountVectorizer(), LogisticRegression()).fit(TEXTS, labels)


def save_mood(folder, **options):
    """Save a classifier of texts, and return its folder."""
    signature = infer_signature(TEXTS, LABELS)
    options = {"signature": signature, **OPTIONS, **options}
    mlflow.sklearn.save_model(train_mood(), folder, **options)
    return folder


def log_mood(positive):
    """Register a version of the classifier of texts."""
    signature = infer_signature(TEXTS, LABELS)
    names: Any = {"name": "mood", "registered_model_name": "mood"}
    mlflow.sklearn.log_model(train_mood(positive), signature=signature, **names, **OPTIONS)


def save_price(folder):
    """Save a regression, and return its folder."""
    model = LinearRegression().fit(FLATS, PRICES["price"])
    signature = infer_signature(FLATS, PRICES)
    mlflow.sklearn.save_model(model, folder, signature=signature, **OPTIONS)
    return folder


def save_script(folder, prefix):
    """Save a model that is a script, which imports a module of its own; return its folder."""
    sources = folder.with_name(f"{folder.name}-sources")
    sources.mkdir()
    (sources / "model.py").write_text(SCRIPT)
    (sources / "own_words.py").write_text(f"PREFIX = {prefix!r}")
    mlflow.pyfunc.save_model(
        folder,
        python_model=str(sources / "model.py"),
        code_paths=[str(sources / "own_words.py")],
        signature=infer_signature(["x"], ["y"]),
        pip_requirements=["mlflow"],
    )
    return folder


def edit(folder, change):
    """Change what MLmodel says."""
    file = folder / "MLmodel"
    told: dict[str, Any] = yaml.safe_load(file.read_text())
    change(told)
    file.write_text(yaml.safe_dump(told))


def loaded(kind, folder):
    """Return a model of a class, with the artifact of a folder."""
    model = kind()
    model.artifact = folder
    model.load()
    return model
