"""TF-IDF and logistic regression, of scikit-learn."""

import os
from pathlib import Path
from typing import ClassVar

import joblib

from .base import Model


class TfidfModel(Model):
    """A classifier of texts."""

    model_name: ClassVar[str] = "tfidf"
    version: ClassVar[str] = "1.0.0"
    example: ClassVar[str] = "positive1 word1 word2"

    def load(self) -> None:
        """Read the pipeline."""
        self.pipeline = joblib.load(Path(os.environ["BENCH_ARTIFACT"]))

    def predict(self, input_data: str) -> str:
        """Classify one text."""
        return self.predict_batch([input_data])[0]

    def predict_batch(self, inputs: list[str]) -> list[str]:
        """Classify several texts in one call."""
        return list(self.pipeline.predict(inputs).tolist())
