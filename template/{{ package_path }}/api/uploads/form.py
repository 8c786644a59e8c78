"""Read the file of a form: `multipart/form-data` with one part."""

import logging
import re
from typing import Any, NamedTuple

from fastapi import HTTPException
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from ...core.errors import InvalidInputError

FIELDS = {b"file", b"input"}
AS_IT_IS = {b"", b"binary", b"8bit", b"7bit"}
LONGEST = 1000  # bytes of a Content-Type that are parsed
# Outside of the loggers of the process: errors of a client are not warnings.
QUIET = logging.Logger("form", logging.CRITICAL + 1)  # noqa: LOG001
ONE_FILE = "The form must have one file, in the field `file`, and nothing else"
MALFORMED = "The body is not valid multipart/form-data"


class File(NamedTuple):
    """The file of a form."""

    content: bytes
    media_type: str
    """Media type that the part declares; empty if it declares none."""


def read_file(body: bytes, content_type: bytes) -> File:
    """Return the file of a form.

    Raises:
        HTTPException: The body is malformed: 400.
        InvalidInputError: The form has no file, or more than that.
    """
    boundary = parse_options_header(content_type[:LONGEST])[1].get(b"boundary")
    if not boundary:
        raise HTTPException(400, f"{MALFORMED}: Content-Type has no boundary")
    # Lines that only begin like a boundary would take the parser seconds.
    end_of_line = rb"(?!--|[ \t]{0,64}\r\n)"
    if re.search(re.escape(b"\r\n--" + boundary) + end_of_line, body):
        raise HTTPException(400, f"{MALFORMED}: its boundary is within the content")
    form = _Form()
    try:
        parser = MultipartParser(boundary, form.callbacks())
        parser.logger = QUIET
        parser.write(body)
    except FormParserError as exc:
        raise HTTPException(400, MALFORMED) from exc
    return form.file(body)


class _Form:
    """Bounds of the one part of a form, so that its bytes are copied once."""

    def __init__(self) -> None:
        self._name, self._value = b"", b""
        self._headers: dict[bytes, bytes] = {}
        self._begin = self._end = self._parts = 0
        self._is_complete = False

    def callbacks(self) -> Any:
        """Return functions for the parser, which gets the whole body at once."""
        return {
            "on_part_begin": self._on_part,
            "on_header_field": self._on_name,
            "on_header_value": self._on_value,
            "on_header_end": self._on_header,
            "on_headers_finished": self._on_headers,
            "on_part_data": self._on_data,
            "on_end": self._on_end,
        }

    def file(self, body: bytes) -> File:
        """Return the file, at the end of the body."""
        if not self._is_complete:
            raise HTTPException(400, f"{MALFORMED}: it ends before its last boundary")
        content = body[self._begin : self._end]
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        if not self._parts or (options.get(b"filename") == b"" and not content):
            raise InvalidInputError(ONE_FILE)  # as browsers send it if no file was chosen
        kind = self._headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        return File(content, kind.decode("latin-1"))

    def _on_part(self) -> None:
        self._parts += 1
        if self._parts > 1:
            raise InvalidInputError(ONE_FILE)

    def _on_name(self, data: bytes, start: int, end: int) -> None:
        self._name = data[start:end].lower()

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value = data[start:end].strip()

    def _on_header(self) -> None:
        self._headers[self._name] = self._value
        self._value = b""

    def _on_headers(self) -> None:
        kind, options = parse_options_header(self._headers.get(b"content-disposition"))
        if kind != b"form-data" or options.get(b"name") not in FIELDS:
            raise InvalidInputError(ONE_FILE)
        if self._headers.get(b"content-transfer-encoding", b"").lower() not in AS_IT_IS:
            raise HTTPException(415, "Send the file as it is, without Content-Transfer-Encoding")

    def _on_data(self, _: bytes, start: int, end: int) -> None:
        self._begin, self._end = start, end

    def _on_end(self) -> None:
        self._is_complete = True
