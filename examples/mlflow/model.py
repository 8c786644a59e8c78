"""The model: yours to change or replace. Template updates do not touch this file."""

from typing import ClassVar

from .mlflow_backend import MlflowModel
from .results import Classification


class ExampleModel(MlflowModel):
    """Classify the mood of a text as `positive` or `negative`."""

    model_name: ClassVar[str] = "example_name"
    example: ClassVar[str] = "This is good"

    def predict(self, input_data: str) -> Classification:
        """Classify one text."""
        return self.classify([input_data])[0]
