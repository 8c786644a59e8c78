"""One record: what is known of a prediction, as a line of JSON."""

import time
from datetime import UTC, datetime
from typing import Any, NamedTuple

from pydantic import TypeAdapter
from pydantic_core import to_json

from ...core.request import current_request

SIZED = (str, bytes, bytearray, list, tuple, set, frozenset, dict)
Written = bytes | int
"""JSON; or its bytes, at least, where it is too large to be recorded."""


class ValueWriter:
    """Write values of a declared type as JSON, up to a size."""

    def __init__(self, kind: Any, max_bytes: int) -> None:
        self._to_json = TypeAdapter(kind).serializer.to_json
        self.max_bytes = max_bytes

    def write(self, value: Any) -> Written:
        """Return the JSON of a value, or its size."""
        if isinstance(value, SIZED) and len(value) > self.max_bytes:
            return len(value)  # each character or element needs a byte
        written: bytes = self._to_json(value, by_alias=True, warnings=False)
        return written if len(written) <= self.max_bytes else len(written)


class Chunks:
    """The chunks of a stream as a JSON list, up to a size."""

    def __init__(self, writer: ValueWriter) -> None:
        self._writer, self._kept, self._bytes = writer, list[bytes](), 1
        self._error: Exception | None = None

    def add(self, chunk: Any) -> None:
        """Add a chunk, of which only the size is kept once the list is too large."""
        try:
            written = self._writer.write(chunk)
        except Exception as exc:  # noqa: BLE001  (of a custom type; the stream goes on)
            self._error = exc
            return
        self._bytes += 1 + (written if isinstance(written, int) else len(written))
        if isinstance(written, bytes) and self._bytes <= self._writer.max_bytes:
            self._kept.append(written)

    def end(self) -> Written:
        """Return the JSON of the list, or its size.

        Raises:
            Exception: A chunk cannot be written as JSON.
        """
        if self._error:
            raise self._error
        if self._bytes > self._writer.max_bytes:
            return self._bytes
        return b"[%b]" % b",".join(self._kept)


class Begun(NamedTuple):
    """A prediction that has begun."""

    input: Written
    request_id: str
    time: datetime
    clock: float

    @classmethod
    def now(cls, written: Written) -> "Begun":
        """Return a prediction for an input that begins now, for the request of this task."""
        return cls(written, current_request().id, datetime.now(UTC), time.perf_counter())


def line_of(begun: Begun, output: Written, model: str, version: str, error: str = "") -> bytes:
    """Return the line of a prediction, whose output is `null` if it failed."""
    values = {"input": begun.input, "output": output}
    fields: dict[str, Any] = {
        "time": begun.time.isoformat(timespec="milliseconds"),
        "request_id": begun.request_id,
        "model": model,
        "version": version,
        "duration_ms": round((time.perf_counter() - begun.clock) * 1000, 3),
    }
    if error:
        fields["error"] = error
    if omitted := {name: size for name, size in values.items() if isinstance(size, int)}:
        fields["omitted"] = omitted
    line = to_json(fields)[:-1]
    for name, value in values.items():
        line += b',"%b":%b' % (name.encode(), value if isinstance(value, bytes) else b"null")
    return line + b"}"
