"""Labels and vectors of texts."""

from typing import Any, ClassVar

from ...core.errors import ConfigError
from ..results import Classification
from .folder import explained
from .pooling import Pooling
from .pretrained import TransformersModel


class TextClassifier(TransformersModel):
    """A model that classifies texts, such as by their mood."""

    task: ClassVar[str] = "AutoModelForSequenceClassification"

    labels: list[str]
    """The labels, in the order of the network's outputs."""
    is_multi_label: bool
    """Whether each label is true or false by itself, so that a text can have several."""

    def load(self) -> None:
        """Load network, tokenizer and labels.

        Raises:
            ConfigError: The artifact cannot be loaded, or does not classify.
        """
        super().load()
        config = self.network.config
        self.labels = [config.id2label[index] for index in range(config.num_labels)]
        self.is_multi_label = config.problem_type == "multi_label_classification"
        if len(self.labels) < 2 or config.problem_type == "regression":
            raise ConfigError(f"{self.artifact} returns numbers, not probabilities of labels")

    def probabilities(self, texts: list[str]) -> list[dict[str, float]]:
        """Return the probability of each label, for each text."""
        logits = self.run(texts)[0].logits.float()
        rows = logits.sigmoid() if self.is_multi_label else logits.softmax(dim=1)
        return [dict(zip(self.labels, row, strict=True)) for row in rows.tolist()]

    def classify(self, texts: list[str]) -> list[Classification]:
        """Return the most probable label of each text, with the probabilities of all labels.

        Raises:
            ConfigError: A text can have several labels: use `probabilities`.
        """
        if self.is_multi_label:
            raise ConfigError(f"{self.artifact} has several labels a text: use `probabilities`")
        return [Classification.best(row) for row in self.probabilities(texts)]

    def predict_batch(self, inputs: list[Any]) -> list[Any]:
        """Classify several texts in one call of the network."""
        return self.classify(inputs)


class Embedder(TransformersModel):
    """A model that returns a vector for a text: similar texts have a large dot product."""

    unused_weights: ClassVar[str] = "pooler."

    pooling: Pooling
    """Choice of the vector that a text gets."""

    def load(self) -> None:
        """Load network, tokenizer and pooling.

        Raises:
            ConfigError: The artifact cannot be loaded, or needs further layers.
        """
        super().load()
        folder = self.find_artifact()
        with explained(f"{folder}: its pooling cannot be read"):
            self.pooling = Pooling.of(folder)
        self.max_tokens = min(self.max_tokens, self.pooling.max_tokens or self.max_tokens)

    def embed(self, texts: list[str]) -> list[list[float]]:
        """Return a vector of length 1 for each text."""
        output, mask = self.run(texts)
        vectors: list[list[float]] = self.pooling.pool(
            output.last_hidden_state.float(), mask
        ).tolist()
        return vectors

    def predict_batch(self, inputs: list[Any]) -> list[Any]:
        """Embed several texts in one call of the network."""
        return self.embed(inputs)
