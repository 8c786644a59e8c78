"""A classifier of pictures: Pillow makes them small, a network of ONNX Runtime classifies them."""

from io import BytesIO
from typing import Any, ClassVar

from sessions import open_session

SIDE = 64


class Pictures:
    """A classifier of JPEG files."""

    input_type: ClassVar[Any] = bytes
    output_type: ClassVar[Any] = int

    def __init__(self) -> None:
        import numpy
        from PIL import Image

        self._session = open_session()
        self._numpy, self._open = numpy, Image.open

    def predict(self, content: bytes) -> int:
        """Classify a file."""
        return self.classify(self._open(BytesIO(content)))

    def classify(self, image: Any) -> int:
        """Classify a picture that is not decoded yet."""
        image.draft("RGB", (SIDE, SIDE))
        small = self._numpy.asarray(image.convert("RGB").resize((SIDE, SIDE)), "float32")
        [scores] = self._session.run(None, {"x": small.transpose(2, 0, 1)[None] / 255 - 0.5})
        return int(scores.argmax())
