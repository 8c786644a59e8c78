"""Decode pictures of clients within limits of formats, pixels and frames."""

from collections.abc import Callable
from io import BytesIO
from typing import TypeVar

from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from ..core.errors import InvalidInputError
from ..utils.logged_warnings import logged_warnings

FORMATS = ("JPEG", "PNG", "WEBP")  # as Pillow names them
MAX_PIXELS = 25_000_000  # 75 MB as RGB
MAX_FRAMES = 100
DEEP = ("I", "F")  # modes with more than 8 bits a channel, which Pillow would cut off
Result = TypeVar("Result")


def decode_image(
    content: bytes,
    *,
    formats: tuple[str, ...] = FORMATS,
    max_pixels: int = MAX_PIXELS,
    mode: str | None = "RGB",
    near: int | None = None,
) -> Image.Image:
    """Decode a picture, turned upright by its EXIF data.

    Args:
        content: The file.
        formats: Formats that are decoded; no other decoder of Pillow reads the file.
        max_pixels: Most pixels, width times height; checked before they are decoded.
        mode: Mode of the result, by default 8 bits of red, green and blue; None: that of the file.
        near: Pixels of each side that suffice. A larger JPEG is decoded at a half, a quarter or an
            eighth of its size, at least this, which takes a fraction of the time.

    Raises:
        InvalidInputError: The file is not such a picture, is too large, damaged, or animated.
    """

    def decode(image: Image.Image) -> Image.Image:
        # MPO is a JPEG of a camera, with a preview or the view of a second lens behind the photo.
        if image.format != "MPO" and getattr(image, "is_animated", False):
            raise InvalidInputError("The picture must have one frame")
        if near:
            image.draft(None, (near, near))
        return _loaded(image, mode)

    return _decode(content, formats, max_pixels, decode)


def decode_frames(
    content: bytes,
    *,
    formats: tuple[str, ...] = (*FORMATS, "GIF"),
    max_pixels: int = MAX_PIXELS,
    max_frames: int = MAX_FRAMES,
    mode: str | None = "RGB",
) -> list[Image.Image]:
    """Decode the frames of an animation; a picture is one frame.

    Args:
        content: The file.
        formats: Formats that are decoded.
        max_pixels: Most pixels of all frames together.
        max_frames: Most frames.
        mode: Mode of the frames; None: that of the file.

    Raises:
        InvalidInputError: The file is not such a picture, is too large, or damaged.
    """

    def decode(image: Image.Image) -> list[Image.Image]:
        frames: list[Image.Image] = []
        for frame in ImageSequence.Iterator(image):
            if len(frames) == max_frames:
                raise InvalidInputError(f"The picture must not have more than {max_frames} frames")
            _check_pixels(image, max_pixels, len(frames) + 1)
            frames.append(_loaded(frame, mode))
            if image.format == "MPO":
                break
        return frames

    return _decode(content, formats, max_pixels, decode)


def _decode(
    content: bytes,
    formats: tuple[str, ...],
    max_pixels: int,
    decode: Callable[[Image.Image], Result],
) -> Result:
    try:
        # Pillow warns of what is broken in a client's file, such as its EXIF data.
        with logged_warnings(), Image.open(BytesIO(content), formats=formats) as image:
            _check_pixels(image, max_pixels)
            return decode(image)
    except (InvalidInputError, MemoryError):
        raise
    except UnidentifiedImageError:
        problem = f"The picture must be {' or '.join(formats)}"
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        problem = _too_large(max_pixels)
    except Exception:  # noqa: BLE001  (a decoder may raise anything for a damaged file)
        problem = "The picture is damaged or incomplete"
    raise InvalidInputError(problem)


def _check_pixels(image: Image.Image, most: int, frames: int = 1) -> None:
    if image.width * image.height * frames > most:
        raise InvalidInputError(_too_large(most))


def _too_large(most: int) -> str:
    return f"The picture must not have more than {most:,} pixels".replace(",", " ")


def _loaded(image: Image.Image, mode: str | None) -> Image.Image:
    """Return the current frame, decoded, upright, and in a mode."""
    image.load()
    upright = ImageOps.exif_transpose(image)
    if mode and upright.mode != mode and upright.mode.startswith(DEEP):
        raise InvalidInputError("The picture must not have more than 8 bits a channel")
    return upright.convert(mode) if mode else upright
