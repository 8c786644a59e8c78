"""The model: yours to change or replace. Template updates do not touch this file."""

import json
import re
from typing import ClassVar

import torch
from torch import Tensor, nn

from .results import Classification
from .torch_backend import TorchModel, pad


class Mood(nn.Module):
    """Score the labels of texts by the mean of what each of their words says."""

    def __init__(self, words: int, labels: int) -> None:
        super().__init__()
        self.words = nn.Embedding(words, 16)
        self.labels = nn.Linear(16, labels)

    def forward(self, columns: Tensor, mask: Tensor) -> Tensor:
        """Return scores of `(texts, labels)`; only words where the mask is true count."""
        known = mask.unsqueeze(2)
        mean = (self.words(columns) * known).sum(1) / known.sum(1).clamp(min=1)
        scores: Tensor = self.labels(mean)
        return scores


class ExampleModel(TorchModel):
    """Classify the mood of a text as `positive` or `negative`."""

    model_name: ClassVar[str] = "example_name"
    example: ClassVar[str] = "This is good"

    def build(self) -> nn.Module:
        """Return the network for the words and labels of the artifact."""
        self.labels: list[str] = json.loads(self.metadata["labels"])
        words: list[str] = json.loads(self.metadata["words"])
        self.columns = {word: column for column, word in enumerate(words)}
        return Mood(len(words), len(self.labels))

    def predict(self, input_data: str) -> Classification:
        """Classify one text."""
        return self.predict_batch([input_data])[0]

    def predict_batch(self, inputs: list[str]) -> list[Classification]:
        """Classify several texts in one call of the network."""
        scores = self.run(*pad([self.read(text) for text in inputs], torch.long))
        rows = scores.softmax(1).tolist()
        return [Classification.of(self.labels, row) for row in rows]

    def read(self, text: str) -> list[int]:
        """Return the columns of the words that are known."""
        words = re.findall(r"\w+", text.lower())
        return [self.columns[word] for word in words if word in self.columns]
