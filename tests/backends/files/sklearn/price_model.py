"""A stranger's model that estimates the price of a flat with a forest."""

from typing import Annotated, ClassVar

from pydantic import Field

from .sklearn_backend import SklearnModel

Flat = Annotated[list[float], Field(min_length=4, max_length=4)]


class PriceModel(SklearnModel):
    """Estimate a price from rooms, area in square metres, year and floor."""

    model_name: ClassVar[str] = "price"
    version: ClassVar[str] = "2.0.0"
    example: ClassVar[list[float]] = [3, 85, 1998, 2]
    trusted_types: ClassVar[list[str]] = ["sklearn.tree._tree.Tree"]

    def predict(self, input_data: Flat) -> float:
        """Estimate one price."""
        return float(self.values([input_data])[0])
