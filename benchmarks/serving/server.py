"""A running server: started on a core of its own, and ended with all its processes."""

import http.client
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.serving import processes
from benchmarks.serving.system import System
from benchmarks.subjects import free_port

START_SECONDS, STOP_SECONDS, LOG_LINES = 180, 10, 15


class NotReadyError(Exception):
    """The server responds, but not yet with a prediction."""


class UnusableError(RuntimeError):
    """A system does not start, or its responses are wrong: it is left out, and the run goes on."""


@dataclass
class Server:
    """A server of a system."""

    system: System
    port: int
    process: subprocess.Popen[str]
    log: Path
    core: int | str
    cold_start: float = 0

    def ask(self, input_data: Any) -> Any:
        """Return the prediction for an input.

        Raises:
            NotReadyError: The response is not a 200 with a prediction.
            OSError: Nothing listens.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            body = self.system.format.request(input_data)
            connection.request("POST", self.system.format.path, body.content, dict(body.headers))
            answer = connection.getresponse()
            content = answer.read()
        except http.client.HTTPException as exc:
            raise NotReadyError(f"not HTTP: {exc!r}") from exc
        finally:
            connection.close()
        if answer.status != 200:
            raise NotReadyError(f"{answer.status}: {content[:200]!r}")
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return self.system.format.prediction(content, headers)

    def megabytes(self) -> float:
        """Return the memory that the server uses now."""
        return processes.megabytes(processes.family(self.process.pid))

    def seconds(self) -> float:
        """Return the processor time that the server has used."""
        return processes.seconds(processes.family(self.process.pid))

    def last_lines(self) -> str:
        """Return the end of its log."""
        lines = self.log.read_text("utf-8", errors="replace").splitlines()
        return "\n".join(f"    {line}" for line in lines[-LOG_LINES:])


@contextmanager
def running(
    system: System, *, commands: Path, folder: Path, env: Mapping[str, str], log: Path,
    core: int | str, first: tuple[Any, Any],
) -> Iterator[Server]:  # fmt: skip
    """Run a server until the block ends.

    Args:
        system: What to start.
        commands: Folder of the commands of its environment.
        folder: Where to start it.
        env: Variables for it, besides those of the system.
        log: File for its output.
        core: Where it and all its children run; of several, their numbers, as in `0,1`.
        first: An input and its expected prediction, which end the start.
    """
    port = free_port()
    artifact = env.get("BENCH_ARTIFACT", "")
    known = {"{bin}": str(commands), "{port}": str(port), "{artifact}": artifact}
    command = ["taskset", "--cpu-list", str(core), *(_fill(w, known) for w in system.command)]
    variables = {**env, **{name: _fill(text, known) for name, text in system.variables.items()}}
    began = time.monotonic()
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=variables, stdin=subprocess.DEVNULL, stdout=output,
            stderr=output, text=True, start_new_session=True,
        )  # fmt: skip
    server = Server(system, port, process, log, core)
    try:
        _wait(server, *first, began=began)
        yield server
    finally:
        _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    """Terminate the first process, which ends its children itself; then kill what is left."""
    everyone = processes.family(process.pid)
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    finally:
        processes.kill(everyone)


def _fill(text: str, known: Mapping[str, str]) -> str:
    for name, value in known.items():
        text = text.replace(name, value)
    return text.replace("{free}", str(free_port())) if "{free}" in text else text


def _wait(server: Server, input_data: Any, right: Any, *, began: float) -> None:
    last = ""
    while time.monotonic() < began + START_SECONDS and server.process.poll() is None:
        try:
            answer = server.ask(input_data)
        except (OSError, NotReadyError) as exc:
            last = str(exc)
            time.sleep(0.02)
            continue
        if answer != right:
            raise UnusableError(f"its first response is {answer!r}; expected {right!r}")
        server.cold_start = time.monotonic() - began
        return
    raise UnusableError(f"it does not start ({last}); the end of its log:\n{server.last_lines()}")
