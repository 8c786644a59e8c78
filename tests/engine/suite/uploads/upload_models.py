"""Models that take or return bytes, and ways to send them."""

from base64 import b64encode
from typing import Annotated, Any, ClassVar

from pydantic import Field

from src.models.base import Model

SAMPLES = {
    "empty": b"",
    "every byte": bytes(range(256)),
    "text": b"a plain text",
    "line ends": b"\r\n--\r\n\r\n",
    "1 MB": bytes(range(256)) * 4096,
}


class FileModel(Model):
    """Return the length of a file, and keep what it saw."""

    model_name: ClassVar[str] = "file"
    version: ClassVar[str] = "3.2.1"
    cache: ClassVar[bool] = False

    def __init__(self) -> None:
        self.seen: list[bytes] = []

    def predict(self, input_data: bytes) -> int:
        self.seen.append(input_data)
        return len(input_data)


class PictureModel(FileModel):
    """The same, for pictures of at most 100 bytes."""

    media_types: ClassVar[tuple[str, ...]] = ("image/png", "image/jpeg")

    def predict(self, input_data: Annotated[bytes, Field(max_length=100)]) -> int:
        return super().predict(input_data)


class AnyImageModel(FileModel):
    media_types: ClassVar[tuple[str, ...]] = ("image/*",)


class CopyModel(Model):
    """Return a picture as it is."""

    model_name: ClassVar[str] = "copy"
    version: ClassVar[str] = "1.0.0"
    example: ClassVar[bytes] = b"picture"
    media_types: ClassVar[tuple[str, ...]] = ("image/png",)
    output_media_type: ClassVar[str] = "image/png"

    def predict(self, input_data: bytes) -> bytes:
        return input_data


class SpeechModel(Model):
    """Return sound for a text."""

    model_name: ClassVar[str] = "speech"
    version: ClassVar[str] = "1.0.0"
    example: ClassVar[str] = "hello"
    output_media_type: ClassVar[str] = "audio/wav"

    def predict(self, input_data: str) -> bytes:
        return b"RIFF\xff" + input_data.encode()


def base64(content: bytes) -> str:
    return b64encode(content).decode()


def send_raw(
    client: Any, content: bytes, kind: str = "application/octet-stream", **more: Any
) -> Any:
    headers = {"content-type": kind, **more}
    return client.post("/predict", content=content, headers=headers)


def send_form(client: Any, *files: Any, **more: Any) -> Any:
    """Send files as `(field, content, media type)`."""
    parts = [(name, ("x.bin", content, kind)) for name, content, kind in files]
    return client.post("/predict", files=parts, **more)
