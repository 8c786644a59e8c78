"""The model: yours to change or replace. Template updates do not touch this file."""

from typing import ClassVar

from .base import Model


class ExampleModel(Model):
    """Classify a text as `positive` if it contains "good" or "great", else as `negative`."""

    model_name: ClassVar[str] = "example_name"
    version: ClassVar[str] = "1.0.0"
    inline: ClassVar[bool] = True
    example: ClassVar[str] = "This is good"

    def load(self) -> None:
        """Prepare the keywords; a real model reads its artifact here."""
        self.keywords = ("good", "great")

    def predict(self, input_data: str) -> str:
        """Classify one text."""
        text = input_data.lower()
        return "positive" if any(word in text for word in self.keywords) else "negative"
