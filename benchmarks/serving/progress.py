"""Telling on standard error what happens; tables alone go to standard output."""

import sys
import time

BEGIN = time.monotonic()


def say(text: str) -> None:
    """Show what happens, after how many seconds."""
    print(f"[{time.monotonic() - BEGIN:5.0f} s] {text}", file=sys.stderr, flush=True)
