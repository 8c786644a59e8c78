"""Pictures of clients: decoded within limits, or rejected with one sentence."""

import struct
import subprocess
import sys
import time
import zlib
from base64 import b64encode
from io import BytesIO
from typing import ClassVar

import pytest
from PIL import Image

from src.core.errors import InvalidInputError
from src.core.metadata import PROJECT_DIR
from src.models.base import Model
from src.models.images import decode_frames, decode_image

DAMAGED = "damaged or incomplete"
WARNING = """
import io, logging, sys, warnings
sys.path.insert(0, sys.argv[1])
from PIL import Image
from src.models.images import decode_image
logging.basicConfig(level=sys.argv[2], stream=sys.stdout)
content = sys.stdin.buffer.read()
decode_image(content)
print("decoded")
logging.disable()
Image.open(io.BytesIO(content)).getexif()
warnings.warn("of the user")
"""


def picture(kind="PNG", size=(8, 6), mode="RGB", **options):
    """Return a picture as a file, its upper left pixel red."""
    image = Image.new(mode, size)
    if mode == "RGB":
        image.putpixel((0, 0), (255, 0, 0))
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def animation(kind, frames=3, size=(8, 6)):
    images = [Image.new("RGB", size, (40 * number, 0, 0)) for number in range(frames)]
    file = BytesIO()
    images[0].save(file, kind, save_all=True, append_images=images[1:])
    return file.getvalue()


def bomb(width, height):
    """Return a PNG of a few bytes that declares a size."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b"")]
    packed = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_picture_is_decoded(kind):
    image = decode_image(picture(kind))
    assert (image.size, image.mode) == ((8, 6), "RGB")


def test_photo_of_a_camera_with_a_preview_is_the_photo():
    photo, preview = Image.new("RGB", (8, 6)), Image.new("RGB", (4, 3))
    file = BytesIO()
    photo.save(file, "MPO", save_all=True, append_images=[preview])
    assert decode_image(file.getvalue()).size == (8, 6)
    assert [frame.size for frame in decode_frames(file.getvalue())] == [(8, 6)]


@pytest.mark.parametrize(
    ("kind", "near", "size"),
    [
        ("JPEG", None, (800, 480)),
        ("JPEG", 50, (100, 60)),
        ("JPEG", 61, (200, 120)),
        ("JPEG", 481, (800, 480)),
        ("PNG", 50, (800, 480)),
    ],
)
def test_large_jpeg_is_decoded_near_the_size_that_suffices(kind, near, size):
    image = decode_image(picture(kind, (800, 480)), near=near)
    assert (image.size, image.mode) == (size, "RGB")


def test_limit_of_pixels_is_that_of_the_file():
    with pytest.raises(InvalidInputError, match="more than 1 000 pixels"):
        decode_image(picture("JPEG", (800, 480)), near=1, max_pixels=1000)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "RGB"])
def test_picture_has_the_mode_that_is_asked_for(mode):
    content = picture(mode=mode)
    assert decode_image(content).mode == "RGB"
    assert decode_image(content, mode="L").mode == "L"
    assert decode_image(content, mode=None).mode == mode


def test_picture_is_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    image = decode_image(picture(exif=exif))
    assert image.size == (6, 8)
    assert image.getpixel((5, 0)) == (255, 0, 0)


def test_deep_picture_is_rejected_where_pixels_would_be_cut_off():
    content = picture(mode="I;16")
    with pytest.raises(InvalidInputError, match="8 bits a channel"):
        decode_image(content)
    assert decode_image(content, mode=None).mode == "I;16"


@pytest.mark.parametrize("level", ["DEBUG", "INFO"])
def test_warnings_of_the_decoder_are_lines_at_debug_and_others_stay(level):
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    content = picture("JPEG", exif=exif.tobytes()[:-4])
    command = [sys.executable, "-W", "always", "-c", WARNING, PROJECT_DIR, level]
    done = subprocess.run(command, input=content, capture_output=True, check=True)
    logged, _, shown = done.stdout.partition(b"decoded")
    assert (b"Truncated File Read" in logged) == (level == "DEBUG")
    assert (done.stderr.count(b"UserWarning: "), shown.strip()) == (2, b"")
    assert done.stderr.count(b"UserWarning: Truncated File Read") == 1, "of the user's own call"
    assert b"UserWarning: of the user" in done.stderr


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "PPM", "EPS", "PDF"])
def test_other_formats_are_rejected_unless_named(kind):
    content = picture(kind)
    with pytest.raises(InvalidInputError, match="must be JPEG or PNG or WEBP"):
        decode_image(content)
    if kind == "BMP":
        assert decode_image(content, formats=("BMP",)).size == (8, 6)


@pytest.mark.parametrize("content", [b"", b"text", b"\x89PNG\r\n\x1a\n", bytes(range(256))])
def test_what_is_not_a_picture_is_rejected(content):
    with pytest.raises(InvalidInputError, match="picture"):
        decode_image(content)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_truncated_or_damaged_picture_is_an_error_of_the_client(kind):
    content = picture(kind, size=(64, 64))
    for length in range(len(content) - 24):  # the rest of a PNG holds no pixels
        with pytest.raises(InvalidInputError):
            decode_image(content[:length])
    damaged = 0
    for position in range(len(content)):
        changed = content[:position] + b"\xff" + content[position + 1 :]
        try:
            decode_image(changed)
        except InvalidInputError:
            damaged += 1
    assert damaged


@pytest.mark.parametrize("size", [(5001, 5000), (20_000, 20_000), (2**31 - 1, 2**31 - 1)])
def test_pixels_are_counted_before_they_are_decoded(size, monkeypatch):
    def fail(*_):
        raise AssertionError("decoded")

    monkeypatch.setattr(Image.Image, "load", fail)
    started = time.perf_counter()
    with pytest.raises(InvalidInputError, match="must not have more than 25 000 000 pixels"):
        decode_image(bomb(*size))
    assert time.perf_counter() - started < 1


def test_limit_of_pixels_is_exact():
    content = picture(size=(10, 10))
    assert decode_image(content, max_pixels=100).size == (10, 10)
    with pytest.raises(InvalidInputError, match="more than 99 pixels"):
        decode_image(content, max_pixels=99)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
def test_animation_is_not_one_picture(kind):
    with pytest.raises(InvalidInputError, match="one frame"):
        decode_image(animation(kind), formats=("PNG", "WEBP", "GIF"))


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
def test_frames_are_decoded_within_their_limits(kind):
    content = animation(kind)
    frames = decode_frames(content)
    assert [frame.size for frame in frames] == [(8, 6)] * 3
    shades = [frame.getpixel((0, 0))[0] for frame in frames]  # type: ignore[index]
    assert shades == sorted({*shades})
    assert len(decode_frames(content, max_frames=3, max_pixels=3 * 48)) == 3
    with pytest.raises(InvalidInputError, match="more than 2 frames"):
        decode_frames(content, max_frames=2)
    with pytest.raises(InvalidInputError, match="more than 143 pixels"):
        decode_frames(content, max_pixels=143)
    with pytest.raises(InvalidInputError, match="picture"):
        decode_frames(content[: len(content) // 2], max_frames=1)
    assert len(decode_frames(picture())) == 1


class SizeModel(Model):
    model_name: ClassVar[str] = "size"
    version: ClassVar[str] = "1.0.0"

    def predict(self, input_data: bytes) -> tuple[int, int]:
        return decode_image(input_data, max_pixels=1000).size


def test_reason_reaches_the_client(client_of, log):
    client = client_of(SizeModel())

    def answer(content):
        body = {"input": b64encode(content).decode()}
        response = client.post("/predict", json=body)
        return response.status_code, response.json()

    assert answer(picture()) == (200, {"prediction": [8, 6]})
    status, problem = answer(bomb(9000, 9000))
    assert (status, problem["detail"]) == (
        422,
        "The picture must not have more than 1 000 pixels",
    )
    assert answer(picture()[:-30])[0] == 422
    assert "Traceback" not in log.getvalue()
