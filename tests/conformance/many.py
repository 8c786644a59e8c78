"""Runs the suite many times in its environment, two at a time, in forks of one process.

Reads a list of arguments for pytest and files for its output; prints the exit codes.
"""

import gc
import json
import os
import sys
from importlib import import_module
from pathlib import Path

import pytest

PROCESSES = 2
SLOW = (
    "kserve.utils.numpy_codec", "tritonclient.http", "numpy", "httpx", "yaml",
    "schemathesis.specs.openapi.checks", "schemathesis.pytest", "hypothesis.strategies",
)  # fmt: skip


def start(arguments, log):
    """Run pytest in a fork, and give its number."""
    if child := os.fork():
        return child
    with Path(log).open("w", encoding="utf-8") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        code = pytest.main(arguments)
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(int(code))


def main():
    """Run all, and print the exit codes in their order."""
    for name in SLOW:
        import_module(name)
    gc.freeze()  # what was imported is not looked through in every fork
    order, codes = [], {}
    for arguments, log in json.load(sys.stdin):
        if len(order) - len(codes) == PROCESSES:
            end(codes)
        order.append(start(arguments, log))
    while len(codes) < len(order):
        end(codes)
    print(json.dumps([codes[child] for child in order]))


def end(codes):
    """Wait for any of them."""
    child, status = os.wait()
    codes[child] = os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    main()
