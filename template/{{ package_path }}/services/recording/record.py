"""One record: what is known of a prediction, as a line of JSON."""

import time
from functools import lru_cache, partial
from typing import Any, NamedTuple

from pydantic import TypeAdapter
from pydantic_core import to_json

from ...core.request import current_request
from ...models.signature.json_types import is_plain

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

    @classmethod
    def now(cls, written: Written) -> "Begun":
        """Return a prediction for an input that begins now, for the request of this task."""
        return cls(written, current_request().id, time.time(), time.perf_counter())


def line_of(begun: Begun, output: Written, model: str, version: str, error: str = "") -> bytes:
    """Return the line of a prediction, whose output is `null` if it failed."""
    second, fraction = divmod(begun.time, 1)
    sizes = {"input": begun.input, "output": output}
    omitted = {name: size for name, size in sizes.items() if isinstance(size, int)}
    more: dict[str, Any] = {"error": error} if error else {}
    if omitted:
        more["omitted"] = omitted
    return b'{"time":"%b.%03dZ","request_id":%b,%b,"duration_ms":%.3f,"input":%b,"output":%b%b}' % (
        _clock(second),
        int(fraction * 1000),
        to_json(begun.request_id),
        _names(model, version),
        (time.perf_counter() - begun.clock) * 1000,
        begun.input if isinstance(begun.input, bytes) else b"null",
        output if isinstance(output, bytes) else b"null",
        b"," + to_json(more)[1:-1] if more else b"",
    )


@lru_cache(maxsize=1)
def _clock(second: float) -> bytes:
    """Return a time in UTC, by ISO 8601."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)).encode()


@lru_cache(maxsize=256)
def _names(model: str, version: str) -> bytes:
    return to_json({"model": model, "version": version})[1:-1]
