"""Messages to and from a process of the model.

A short one goes through a socket, a long one through a file in memory that both sides have. They
take turns, so one file is enough; it has no name, so it ends with them.
"""

import os
import pickle
from io import FileIO
from struct import Struct
from typing import Any

HEADER = Struct("!Q?")  # bytes of the message; whether they are in the file
LARGE = 65_536  # bytes; below that the socket is faster
KEPT = 16_000_000  # bytes of the file that the next message may use again


def create_memory() -> int:
    """Return a descriptor of a file in memory; -1 where there is none."""
    try:
        return int(getattr(os, "memfd_create")("model-call"))  # noqa: B009  (only Linux has it)
    except (AttributeError, OSError):
        return -1


class Messages:
    """Pack and unpack messages of one process.

    Args:
        memory: Descriptor of the file, or -1: then every message goes through the socket.
    """

    def __init__(self, memory: int) -> None:
        self._file = FileIO(memory, "r+") if memory >= 0 else None

    def pack(self, message: Any) -> bytes:
        """Return the bytes for the socket."""
        writer = _Writer(self._file)
        pickle.dump(message, writer, pickle.HIGHEST_PROTOCOL)
        return HEADER.pack(writer.size, writer.is_shared) + b"".join(writer.parts)

    def unpack(self, size: int, data: bytes | None) -> Any:
        """Return a message, from the file if there are no bytes."""
        if data is not None or self._file is None:
            return pickle.loads(data or b"")  # noqa: S301  (of this service)
        self._file.seek(0)
        try:
            return pickle.load(self._file)  # noqa: S301
        finally:
            if size > KEPT:
                self._file.truncate(0)

    def close(self) -> None:
        """Release the memory, once the other side has ended."""
        if self._file:
            self._file.close()


class _Writer:
    """Collect the parts of a message; move to the file what is large, without a further copy."""

    def __init__(self, file: FileIO | None) -> None:
        self._file = file
        self.size = 0
        self.is_shared = False
        self.parts: list[bytes] = []

    def write(self, part: Any) -> None:
        """Add a part."""
        self.size += len(part)
        if self._file is None or self.size < LARGE:
            self.parts.append(bytes(part))
            return
        if not self.is_shared:
            self.is_shared = True
            self._file.seek(0)
        for each in (*self.parts, part):
            written, size = 0, len(each)
            while written < size:
                written += self._file.write(memoryview(each)[written:])
        self.parts.clear()
