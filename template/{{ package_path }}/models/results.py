"""Results of models, with a documented meaning for each field."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

Probability = Annotated[float, Field(ge=0, le=1)]


class Result(BaseModel):
    """Base of results: their docstrings are the descriptions in the API's documentation."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class Classification(Result):
    """The label of an input, and how probable each label is."""

    label: str
    """The most probable label."""
    score: Probability
    """Probability of that label, from 0 to 1."""
    probabilities: dict[str, Probability]
    """Probability of each label; their sum is 1."""

    @classmethod
    def of(cls, labels: Sequence[str], probabilities: Sequence[float]) -> Self:
        """Return the classification for the probabilities of labels, in the order of the labels."""
        by_label = {
            label: min(max(float(value), 0), 1)  # float32 can be a little more than 1
            for label, value in zip(labels, probabilities, strict=True)
        }
        return cls.best(by_label)

    @classmethod
    def best(cls, probabilities: Mapping[str, float]) -> Self:
        """Return the classification for the probability of each label."""
        label = max(probabilities, key=lambda name: probabilities[name])
        return cls(label=label, score=probabilities[label], probabilities=dict(probabilities))


class Detection(Result):
    """An object in a picture: its label, and its box in pixels of the picture."""

    label: str
    """The most probable label of the object."""
    score: Probability
    """Score of the object, from 0 to 1."""
    left: float
    """Pixels from the left edge of the picture to the box."""
    top: float
    """Pixels from the upper edge of the picture to the box."""
    right: float
    """Pixels from the left edge of the picture to the end of the box."""
    bottom: float
    """Pixels from the upper edge of the picture to the end of the box."""
