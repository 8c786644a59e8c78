"""Estimate the cost of parsing JSON from its bytes.

A parser blocks the interpreter, in any thread, and needs up to 150 bytes for each list of
`[[],[],[]]`. A unit is about a byte of memory, or a nanosecond on a slow machine.
"""

VALUE, STRING, CONTAINER, NAME = 85, 50, 100, 400  # units each; errors are listed by name
MAX_UNITS = 100_000_000  # a million numbers, 280 000 arrays of three, 190 000 names
USUAL_BYTES = 10_000_000  # of the largest body; where it may be larger, so may be the cost
SMALL = 100_000  # bytes that cannot cost too much
PLAIN = bytes({*range(256)} - {*b'[{,":'})
MAX_STRINGS = 200_000  # beyond, commas inside of strings count as well


def max_units(max_bytes: int) -> int:
    """Return the maximum cost of a body for a limit of its bytes."""
    return MAX_UNITS * max(max_bytes, USUAL_BYTES) // USUAL_BYTES


def is_costly(content: bytes, most: int) -> bool:
    """Return whether JSON costs more than a number of units."""
    return _cost(content) > most and _cost(_without_text(content)) > most


def _cost(content: bytes) -> int:
    count = content.translate(None, PLAIN).count  # one pass over a large text instead of five
    containers = CONTAINER * (count(b"[") + count(b"{"))
    return containers + VALUE * count(b",") + STRING * count(b'"') // 2 + NAME * count(b":")


def _without_text(content: bytes) -> bytes:
    """Return JSON with empty strings; unchanged if there are too many, or if it is not UTF-8."""
    content = content.replace(rb"\\", b"").replace(rb"\"", b"")
    if content.count(b'"') > 2 * MAX_STRINGS or b"\0" in content:
        return content
    return b'""'.join(content.split(b'"')[::2])
