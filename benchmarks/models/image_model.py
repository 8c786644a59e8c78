"""A classifier of pictures: Pillow makes them small, a network of ONNX Runtime classifies them."""

from io import BytesIO
from typing import Any, ClassVar

import numpy as np
from PIL import Image

from .images import decode_image
from .onnx_backend import OnnxModel

SIZE = (64, 64)


class ImageModel(OnnxModel):
    """A classifier of JPEG files."""

    model_name: ClassVar[str] = "image"
    version: ClassVar[str] = "1.0.0"
    media_types: ClassVar[tuple[str, ...]] = ("image/jpeg",)

    def predict(self, input_data: bytes) -> int:
        """Classify one file."""
        return self.predict_batch([input_data])[0]

    def predict_batch(self, inputs: list[bytes]) -> list[int]:
        """Classify several files in one call of the graph."""
        pictures = [self.decode(content) for content in inputs]
        pixels = np.stack([np.asarray(image.resize(SIZE), "float32") for image in pictures])
        [scores] = self.run(pixels.transpose(0, 3, 1, 2) / 255 - 0.5)
        return list(scores.argmax(axis=1).tolist())

    def decode(self, content: bytes) -> Any:
        """Decode no more pixels than a small picture needs."""
        image = Image.open(BytesIO(content))
        image.draft("RGB", SIZE)
        return image.convert("RGB")


class GuardedImageModel(ImageModel):
    """The same by `decode_image`, which checks format, pixels and frames."""

    def decode(self, content: bytes) -> Any:
        """Decode within limits."""
        return decode_image(content, formats=("JPEG",), near=max(SIZE))
