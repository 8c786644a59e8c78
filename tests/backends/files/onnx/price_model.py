"""A stranger's model that estimates the price of a flat with a graph."""

from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from .onnx_backend import OnnxModel

Flat = Annotated[list[float], Field(min_length=4, max_length=4)]


class PriceModel(OnnxModel):
    """Estimate a price from rooms, area in square metres, year and floor."""

    model_name: ClassVar[str] = "price"
    version: ClassVar[str] = "2.0.0"
    example: ClassVar[list[float]] = [3, 85, 1998, 2]

    def predict(self, input_data: Flat) -> float:
        """Estimate one price."""
        return self.predict_batch([input_data])[0]

    def predict_batch(self, inputs: list[Flat]) -> list[float]:
        """Estimate several prices in one call of the graph."""
        [prices] = self.run(np.asarray(inputs, np.float32))
        return [float(price) for price in prices[:, 0]]
