"""One record: what is known of a prediction, as a line of JSON."""

import time
from functools import lru_cache, partial
from typing import Any, NamedTuple

from pydantic import TypeAdapter
from pydantic_core import to_json

from ...core.request import current_request
from ...models.json_types import is_plain

SIZED = (str, bytes, bytearray, list, tuple, set, frozenset, dict)
Written = bytes | int
"""JSON; or its bytes, at least, where it is too large to be recorded."""


class ValueWriter:
    """Write values of a declared type as JSON, up to a size."""

    def __init__(self, kind: Any, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        typed = partial(TypeAdapter(kind).serializer.to_json, by_alias=True, warnings=False)
        # A third faster for a thousand numbers.
        self._to_json = partial(to_json, inf_nan_mode="null") if is_plain(kind) else typed

    def write(self, value: Any) -> Written:
        """Return the JSON of a value, or its size."""
        if isinstance(value, SIZED) and len(value) > self.max_bytes:
            return len(value)  # each character or element needs a byte
        written = self._to_json(value)
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
    time: float
    clock: float


def begin(written: Written) -> Begun:
    """Return a prediction for an input that begins now, for the request of this task."""
    return Begun(written, current_request().id, time.time(), time.perf_counter())


def line_of(begun: Begun, output: Written, model: str, version: str, error: str = "") -> bytes:
    """Return the line of a prediction, whose output is `null` if it failed."""
    ms = int(begun.time * 1000)
    return b'{"time":"%b.%03dZ","request_id":%b,%b,"duration_ms":%.3f,"input":%b,"output":%b%b}' % (
        _clock(ms // 1000),
        ms % 1000,
        to_json(begun.request_id),
        _names(model, version),
        (time.perf_counter() - begun.clock) * 1000,
        begun.input if type(begun.input) is bytes else b"null",
        output if type(output) is bytes else b"null",
        _more(begun.input, output, error),
    )


def _more(input_data: Written, output: Written, error: str) -> bytes:
    """Return what few records have: an error, and the sizes of values that are left out."""
    if not error and type(input_data) is bytes and type(output) is bytes:
        return b""
    fields: dict[str, Any] = {"error": error} if error else {}
    sizes = {"input": input_data, "output": output}
    if omitted := {name: size for name, size in sizes.items() if isinstance(size, int)}:
        fields["omitted"] = omitted
    return b"," + to_json(fields)[1:-1]


@lru_cache(maxsize=1)
def _clock(second: int) -> bytes:
    """Return a time in UTC, by ISO 8601."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)).encode()


@lru_cache(maxsize=256)
def _names(model: str, version: str) -> bytes:
    return to_json({"model": model, "version": version})[1:-1]
