"""A stranger's model that counts ships on satellite images, and takes long to import."""

import os
import time
from typing import Annotated, ClassVar

from pydantic import BaseModel, Field

from .base import Model

# The cost of `import torch` and its friends where the disk is slow; set by the test.
time.sleep(float(os.environ.get("SHIPS_IMPORT_S", "8")))

Row = Annotated[list[Annotated[int, Field(ge=0, le=255)]], Field(min_length=1, max_length=4096)]


class Image(BaseModel):
    """One grey image."""

    pixels: list[Row] = Field(min_length=1, description="rows of grey values")
    threshold: int = Field(default=200, ge=1, le=255)


class Ships(BaseModel):
    """Ships on an image."""

    count: int
    brightest: int


class ShipCounter(Model):
    """A counter of bright pixels; the shape of a detector without its weights."""

    model_name: ClassVar[str] = "ship-counter"
    version: ClassVar[str] = "3.1.4"
    example: ClassVar[Image] = Image(pixels=[[0, 255, 0], [12, 201, 7]])

    def load(self) -> None:
        """Prepare the weights."""
        self.scale = 1

    def predict(self, input_data: Image) -> Ships:
        """Count the ships on one image."""
        values = [value for row in input_data.pixels for value in row]
        count = sum(value >= input_data.threshold for value in values)
        return Ships(count=count * self.scale, brightest=max(values))

    def predict_batch(self, inputs: list[Image]) -> list[Ships]:
        """Count the ships on several images."""
        return [self.predict(image) for image in inputs]
