"""Your model's own tests: they change with the model. Updates leave this file alone."""

import pytest

from src.models import example_module
from src.models.loading import create_model

MODEL = example_module.ExampleModel


@pytest.mark.parametrize(
    ("text", "prediction"),
    [
        ("This is good", "positive"),
        ("GREAT service", "positive"),
        ("This is bad", "negative"),
        ("", "negative"),
    ],
)
def test_prediction(text: str, prediction: str) -> None:
    model = MODEL()
    model.load()
    assert model.predict(text) == prediction


def test_model_is_found_by_its_name_in_the_configuration() -> None:
    model = create_model(f"example_module:{MODEL.__name__}")
    assert isinstance(model, MODEL)
