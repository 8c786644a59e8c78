"""BentoML, one worker: a picture as the body, or in a form."""

import bentoml
from PIL.Image import Image
from predictors import load
from settings import SETTINGS


@bentoml.service(**SETTINGS)
class Body:
    """A service whose body is the picture; it predicts in a thread."""

    def __init__(self) -> None:
        self.predictor = load()

    @bentoml.api
    def predict(self, image: Image, /) -> dict[str, int]:
        """Predict for one picture, which BentoML has opened, but not decoded."""
        return {"prediction": self.predictor.classify(image)}


@bentoml.service(**SETTINGS)
class Form:
    """A service that takes a form with the picture; it predicts in a thread."""

    def __init__(self) -> None:
        self.predictor = load()

    @bentoml.api
    def predict(self, file: Image) -> dict[str, int]:
        """Predict for one picture, which BentoML has opened, but not decoded."""
        return {"prediction": self.predictor.classify(file)}
