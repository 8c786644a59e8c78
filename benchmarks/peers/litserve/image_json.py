"""LitServe: a picture as base64 in JSON."""

from base64 import b64decode
from typing import Any

from serve import serve
from server import OneByOne


class Json(OneByOne):
    """A server that decodes base64."""

    def decode_request(self, request: dict[str, Any]) -> bytes:
        """Return the content of the file."""
        return b64decode(request["input"])


if __name__ == "__main__":
    serve(Json())
