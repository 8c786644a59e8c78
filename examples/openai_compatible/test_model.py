"""Your model's own tests: they change with the model. Updates leave this file alone."""

import asyncio

import pytest

from src.models import example_module
from src.models.chat import ChatResult
from src.models.loading import create_model

MODEL = example_module.ExampleModel


@pytest.fixture
def model(monkeypatch):
    """Return the model with an upstream that repeats the text."""

    async def complete(_, chat):
        text = f"{chat.messages[-1].content}."
        return ChatResult(text=text, finish_reason="stop", prompt_tokens=1, completion_tokens=1)

    monkeypatch.setattr(MODEL, "complete", complete)
    return MODEL()


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("positive", "positive"),
        ("The mood is NEGATIVE", "negative"),
        ("Either positive or negative", "unclear"),
        ("I cannot say", "unclear"),
    ],
)
def test_label_is_found_in_what_the_upstream_answers(model, text, label):
    assert asyncio.run(model.predict(text)) == label


def test_model_is_found_by_its_name_in_the_configuration():
    model = create_model(f"example_module:{MODEL.__name__}")
    assert isinstance(model, MODEL)
