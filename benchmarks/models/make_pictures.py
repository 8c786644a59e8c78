"""Print pictures as a JSON list of base64: JPEG files of 1 MB, like photos of different colours.

A photo has large shapes and fine grain. The grain decides the size of the file, so its strength is
searched.
"""

import json
import sys
from base64 import b64encode
from io import BytesIO

import numpy
from PIL import Image

SEED, COUNT = 0, 16
WIDTH, HEIGHT, QUALITY = 2048, 1536, 85
SIZE, NEAR = 1_000_000, 0.02  # bytes, and the share by which a file may differ from it


def main() -> None:
    """Make the pictures and print them."""
    rng = numpy.random.default_rng(SEED)
    grain = rng.standard_normal((HEIGHT, WIDTH, 1)).astype(numpy.float32)
    files = [picture(rng, grain) for _ in range(COUNT)]
    json.dump([b64encode(file).decode() for file in files], sys.stdout)


def picture(rng: numpy.random.Generator, grain: numpy.ndarray) -> bytes:
    """Return a file of the wanted size."""
    shapes = rng.integers(0, 256, (6, 8, 3)) * 0.4 + rng.integers(0, 256, 3) * 0.6
    smooth = Image.fromarray(shapes.astype("uint8")).resize(
        (WIDTH, HEIGHT), Image.Resampling.BICUBIC
    )
    large = numpy.asarray(smooth, numpy.float32)
    least, most = 0.0, 128.0
    while True:
        strength = (least + most) / 2
        file = encode(large + strength * grain)
        if abs(len(file) - SIZE) <= NEAR * SIZE:
            return file
        least, most = (strength, most) if len(file) < SIZE else (least, strength)


def encode(pixels: numpy.ndarray) -> bytes:
    """Return a JPEG file."""
    file = BytesIO()
    image = Image.fromarray(pixels.clip(0, 255).astype("uint8"))
    image.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


if __name__ == "__main__":
    main()
