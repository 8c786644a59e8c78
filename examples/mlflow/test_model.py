"""Your model's own tests: they change with the model. Updates leave this file alone."""

import runpy

import pytest

from src.core.metadata import PROJECT_DIR
from src.models import example_module
from src.models.loading import create_model

MODEL = example_module.ExampleModel


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Return the model with an artifact that the script makes for this test."""
    script = runpy.run_path(str(PROJECT_DIR / "scripts/make_example_model.py"))
    loaded = MODEL()
    loaded.artifact = tmp_path_factory.mktemp("artifacts") / "model"
    script["write"](loaded.artifact)
    loaded.load()
    return loaded


@pytest.mark.parametrize(
    ("text", "label"),
    [("This is good", "positive"), ("A great day", "positive"), ("This is bad", "negative")],
)
def test_prediction(model, text, label):
    result = model.predict(text)
    assert result.label == label
    assert result.score == max(result.probabilities.values())
    assert sum(result.probabilities.values()) == pytest.approx(1)


def test_batch_predicts_as_single_calls_do(model):
    texts = ["This is good", "This is bad", ""]
    assert model.predict_batch(texts) == [model.predict(text) for text in texts]


def test_model_is_found_by_its_name_in_the_configuration():
    model = create_model(f"example_module:{MODEL.__name__}")
    assert isinstance(model, MODEL)
