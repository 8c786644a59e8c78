"""Many runs of the command, two at a time, in forks of one process.

Read pairs of arguments and a file for the output from standard input; print the exit codes.
"""

import gc
import json
import os
import sys
from importlib import import_module
from pathlib import Path

from open_inference_conformance.cli import main

PROCESSES = 2
SLOW = (
    "kserve.utils.numpy_codec", "tritonclient.http", "numpy", "httpx", "yaml",
    "schemathesis.specs.openapi.checks", "schemathesis.pytest", "hypothesis.strategies",
)  # fmt: skip


def start(arguments, log):
    """Run the command in a fork and return its process id."""
    if child := os.fork():
        return child
    with Path(log).open("w", encoding="utf-8") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        code = main(arguments)
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def run_all():
    """Run all and print the exit codes in their order."""
    for name in SLOW:
        import_module(name)
    gc.freeze()  # what was imported is not looked through in every fork
    order, codes = [], {}
    for arguments, log in json.load(sys.stdin):
        if len(order) - len(codes) == PROCESSES:
            wait(codes)
        order.append(start(arguments, log))
    while len(codes) < len(order):
        wait(codes)
    print(json.dumps([codes[child] for child in order]))


def wait(codes):
    """Wait for any of the forks and record its exit code."""
    child, status = os.wait()
    codes[child] = os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    run_all()
