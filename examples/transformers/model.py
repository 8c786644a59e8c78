"""The model: yours to change or replace. Template updates do not touch this file."""

from typing import ClassVar

from .results import Classification
from .transformers_backend import TextClassifier


class ExampleModel(TextClassifier):
    """Classify the mood of a text as `positive` or `negative`."""

    model_name: ClassVar[str] = "example_name"
    example: ClassVar[str] = "This is good"

    def predict(self, input_data: str) -> Classification:
        """Classify one text."""
        return self.classify([input_data])[0]
