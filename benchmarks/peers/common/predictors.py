"""The models that every system serves, chosen by `BENCH_MODEL`; its file by `BENCH_ARTIFACT`.

Peers import this module. The rendered service has model files of its own, as a user would write.
"""

import os
from pathlib import Path
from typing import Any, ClassVar

from pictures import Pictures
from sessions import open_session
from upstreams import Aiohttp, Httpx


class Keyword:
    """A classifier that looks for a word of praise; costs next to nothing."""

    input_type: ClassVar[Any] = str
    output_type: ClassVar[Any] = str

    def predict(self, text: str) -> str:
        """Classify one text."""
        lowered = text.lower()
        return "positive" if "good" in lowered or "great" in lowered else "negative"

    def predict_batch(self, texts: list[str]) -> list[str]:
        """Classify several texts."""
        return [self.predict(text) for text in texts]


class Tfidf:
    """A classifier of texts by TF-IDF and logistic regression, with scikit-learn."""

    input_type: ClassVar[Any] = str
    output_type: ClassVar[Any] = str

    def __init__(self) -> None:
        import joblib

        self._pipeline = joblib.load(Path(os.environ["BENCH_ARTIFACT"]))

    def predict(self, text: str) -> str:
        """Classify one text."""
        return self.predict_batch([text])[0]

    def predict_batch(self, texts: list[str]) -> list[str]:
        """Classify several texts in one call."""
        return list(self._pipeline.predict(texts).tolist())


class OnnxMlp:
    """A perceptron that classifies 784 numbers, with ONNX Runtime and one thread."""

    input_type: ClassVar[Any] = list[float]
    output_type: ClassVar[Any] = int

    def __init__(self) -> None:
        import numpy

        self._session = open_session()
        self._numpy = numpy

    def predict(self, features: list[float]) -> int:
        """Classify one item."""
        return self.predict_batch([features])[0]

    def predict_batch(self, batch: list[list[float]]) -> list[int]:
        """Classify several items in one call."""
        items = self._numpy.asarray(batch, dtype=self._numpy.float32)
        [scores] = self._session.run(None, {"x": items})
        return list(scores.argmax(axis=1).tolist())


class Python:
    """A checksum that is computed in Python for about 20 ms."""

    input_type: ClassVar[Any] = str
    output_type: ClassVar[Any] = int

    def predict(self, text: str) -> int:
        """Return the checksum of a text; of `-`, nothing, for the cost of a call."""
        found = len(text)
        for number in range(200_000 if text != "-" else 0):
            found = (found * 31 + number) & 0xFFFF
        return found

    def predict_batch(self, texts: list[str]) -> list[int]:
        """Return those of several texts."""
        return [self.predict(text) for text in texts]


PREDICTORS: dict[str, type[Any]] = {
    "keyword": Keyword,
    "tfidf": Tfidf,
    "onnx": OnnxMlp,
    "python": Python,
    "image": Pictures,
    "upstream": Httpx,
    "upstream-aiohttp": Aiohttp,
}


def load() -> Any:
    """Load the model that `BENCH_MODEL` names."""
    return PREDICTORS[os.environ["BENCH_MODEL"]]()
