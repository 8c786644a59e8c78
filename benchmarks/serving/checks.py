"""Responses are checked before anything is counted."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks.serving import processes
from benchmarks.serving.server import NotReadyError, Server, UnusableError

CHECKED, AT_A_TIME = 64, 16


def check(server: Server, inputs: Sequence[Any], right: Sequence[Any]) -> None:
    """Send many different requests at the same time; each must get its own correct response.

    Raises:
        UnusableError: A response is wrong or missing, or the server has left its core.
    """
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        try:
            answers = list(pool.map(server.ask, inputs[:CHECKED]))
        except (OSError, NotReadyError) as exc:
            raise UnusableError(f"it did not respond: {exc}\n{server.last_lines()}") from exc
    others = processes.cores(processes.family(server.process.pid)) - {server.core}
    if others:
        raise UnusableError(f"it runs on other cores than its own: {sorted(others)}")
    for index, (answer, expected) in enumerate(zip(answers, right, strict=False)):
        if answer != expected:
            raise UnusableError(f"wrong response to input {index}: {answer!r}, not {expected!r}")
