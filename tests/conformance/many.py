"""Runs the suite many times in its environment, two at a time; imports it needs are made once.

Reads a list of argument lists for pytest from standard input.
"""

import json
import os
import sys
from importlib import import_module

import pytest

PROCESSES = 2
SLOW = ("kserve", "tritonclient.http", "schemathesis", "httpx", "numpy")


def run(arguments, log):
    """Run in a process of its own."""
    child = os.fork()
    if child == 0:
        with open(log, "w", encoding="utf-8") as file:  # noqa: PTH123 as dup2 wants it
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
            code = pytest.main(arguments)
            sys.stdout.flush()
        os._exit(int(code))
    return child


def main():
    for name in SLOW:
        import_module(name)
    running = 0
    for arguments, log in json.load(sys.stdin):
        if running == PROCESSES:
            os.wait()
            running -= 1
        run(arguments, log)
        running += 1
    for _ in range(running):
        os.wait()


if __name__ == "__main__":
    main()
