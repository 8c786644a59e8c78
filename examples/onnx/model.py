"""The model: yours to change or replace. Template updates do not touch this file."""

import json
import re
from typing import ClassVar

import numpy as np

from .onnx_backend import OnnxModel
from .results import Classification


class ExampleModel(OnnxModel):
    """Classify the mood of a text as `positive` or `negative`."""

    model_name: ClassVar[str] = "example_name"
    example: ClassVar[str] = "This is good"

    def load(self) -> None:
        """Open the graph, and read its labels and the words that it counts."""
        super().load()
        self.labels: list[str] = json.loads(self.metadata["labels"])
        words: list[str] = json.loads(self.metadata["words"])
        self.columns = {word: column for column, word in enumerate(words)}

    def predict(self, input_data: str) -> Classification:
        """Classify one text."""
        return self.predict_batch([input_data])[0]

    def predict_batch(self, inputs: list[str]) -> list[Classification]:
        """Classify several texts in one call of the graph."""
        counts = np.zeros((len(inputs), len(self.columns)), np.float32)
        for row, text in enumerate(inputs):
            for word in re.findall(r"\w+", text.lower()):
                if word in self.columns:
                    counts[row, self.columns[word]] += 1
        [probabilities] = self.run(counts)
        return [Classification.of(self.labels, row) for row in probabilities.tolist()]
