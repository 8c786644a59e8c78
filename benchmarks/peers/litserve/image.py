"""LitServe: a form with a picture."""

from typing import Any

from fastapi import Request
from serve import serve
from server import OneByOne


class Form(OneByOne):
    """A server that reads the file of a form."""

    def decode_request(self, request: Request) -> bytes:
        """Return the content of the file."""
        form: Any = request
        return form["file"].file.read()


if __name__ == "__main__":
    serve(Form())
