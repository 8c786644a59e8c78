"""Progress on standard error; only tables go to standard output."""

import sys
import time

BEGIN = time.monotonic()


def say(text: str) -> None:
    """Print what happens, with the seconds since the start."""
    print(f"[{time.monotonic() - BEGIN:5.0f} s] {text}", file=sys.stderr, flush=True)
