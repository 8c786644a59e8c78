"""`python -m benchmarks.backends`: what each backend adds to a service, in megabytes and seconds.

For each backend, its example is rendered with the preset `minimal`, installed without development
tools in an environment of its own by pip, and started for real.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from threading import Thread
from typing import NamedTuple

from copier import run_copy

from benchmarks.subjects import say
from tools.managers import ROOT, ensure_environment
from tools.service import running
from tools.template import PINNED, read_backends, read_features, requirements_of, snapshot

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
READY_S = 120
OF_UPSTREAMS = "openai_compatible"


class Start(NamedTuple):
    """One start: seconds until the port responds and until ready, and what the process took."""

    alive: float
    ready: float
    cpu: float
    megabytes: float


class Row(NamedTuple):
    """A line of the table."""

    backend: str
    packages: int
    megabytes: float
    install: float
    starts: list[Start]


def main() -> None:
    """Measure what the options select, and print the table."""
    known = ["keyword", *read_backends()]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.backends")
    parser.add_argument("--backends", default=",".join(known), metavar="sklearn,onnx")
    parser.add_argument("--rounds", type=int, choices=range(1, 21), default=3, metavar="N")
    options = parser.parse_args()
    if unknown := set(options.backends.split(",")) - set(known):
        parser.error(f"--backends: unknown {', '.join(sorted(unknown))}")
    with TemporaryDirectory() as folder:
        template = snapshot(Path(folder) / "template")
        names = options.backends.split(",")
        rows = [measure(name, template, Path(folder) / name, options.rounds) for name in names]
    print(f"\n{table(rows)}")


def measure(backend: str, template: Path, folder: Path, rounds: int) -> Row:
    """Render, install and start the example of a backend."""
    project = folder / "project"
    answers = {"model_backend": backend, "preset": "minimal"}
    run_copy(str(template), project, answers, defaults=True, quiet=True)
    say(f"{backend}: install")
    python = folder / "venv/bin/python"
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    before = size(folder / "venv")
    began = time.monotonic()
    pinned = [line for line in PINNED if line.partition("=")[0] in names(project)]
    pip = [str(python), "-m", "pip", "install", "--quiet", *requirements_of(project), *pinned]
    subprocess.run(pip, check=True)
    install = time.monotonic() - began
    make_artifact(project, template)
    say(f"{backend}: {rounds} starts")
    with upstream() as url:
        env = variables() | ({"MODEL__OPTIONS__BASE_URL": url} if backend == OF_UPSTREAMS else {})
        starts = [start(python, project, folder / "log", env) for _ in range(rounds)]
    return Row(backend, count(python), size(folder / "venv") - before, install, starts)


def names(project: Path) -> list[str]:
    """Return the names of the packages that a render needs."""
    return [re.split(r"[^\w-]", requirement)[0] for requirement in requirements_of(project)]


def make_artifact(project: Path, template: Path) -> None:
    """Make the artifact of the example, in the environment of the tests, which has all tools."""
    script = project / "scripts/make_example_model.py"
    if script.is_file():
        answers = {"features": [*read_features()], "backends": [*read_backends()]}
        with TemporaryDirectory() as folder:
            run_copy(str(template), folder, answers, defaults=True, quiet=True)
            tools = [*requirements_of(Path(folder), "dev"), *PINNED]
        python = ensure_environment(ROOT / ".cache/backends", tools) / "python"
        subprocess.run([python, script], cwd=project, check=True, capture_output=True)


class Upstream(BaseHTTPRequestHandler):
    """Responds to the start of a service whose model is behind the API of OpenAI."""

    def do_GET(self) -> None:
        """List the model of the example."""
        self._send({"object": "list", "data": [{"id": "llama3.2", "object": "model"}]})

    def do_POST(self) -> None:
        """Respond to the warm-up."""
        self.rfile.read(int(self.headers["Content-Length"]))
        message = {"role": "assistant", "content": "Hello"}
        self._send({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})

    def _send(self, value: object) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(value).encode())

    def log_message(self, *_: object) -> None:
        """Write nothing."""


@contextmanager
def upstream() -> Iterator[str]:
    """Run the upstream, and return its URL."""
    with HTTPServer(("127.0.0.1", 0), Upstream) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()


def start(python: Path, project: Path, log: Path, env: Mapping[str, str]) -> Start:
    """Start the service, and end it once it is ready."""
    began = time.monotonic()
    command = [str(python), "src/main.py"]
    with running(command, cwd=project, env=env, log=log, ready="/health") as service:
        alive = time.monotonic() - began
        while service.request("/ready")[0] != 200:
            if time.monotonic() > began + READY_S:
                raise TimeoutError(f"Not ready after {READY_S} s:\n{log.read_text('utf-8')}")
            time.sleep(0.02)
        ready = time.monotonic() - began
        fields = Path(f"/proc/{service.process.pid}/stat").read_text().rpartition(")")[2].split()
        pages = int(Path(f"/proc/{service.process.pid}/statm").read_text().split()[1])
        cpu = sum(map(int, fields[11:13])) / TICKS
        return Start(alive, ready, cpu, pages * PAGE / 1e6)


def variables() -> dict[str, str]:
    """Return the variables of a service, without those of this process's environment."""
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}


def size(folder: Path) -> float:
    """Return the megabytes of all files in a folder."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_size for path in files) / 1e6


def count(python: Path) -> int:
    """Return the number of packages in an environment, without pip."""
    left_out = ["--exclude=pip", "--exclude=setuptools"]
    pip = [str(python), "-m", "pip", "list", "--format=freeze", *left_out]
    done = subprocess.run(pip, capture_output=True, text=True, check=True)
    return len(done.stdout.splitlines())


def table(rows: list[Row]) -> str:
    """Render the rows as Markdown, each figure of a start the median of its rounds."""
    lines = ["| backend | packages | MB | install s | alive s | ready s | CPU s | memory MB |"]
    lines += ["| --- |" + " ---: |" * 7]
    for row in rows:
        alive, ready, cpu, memory = map(median, zip(*row.starts, strict=True))
        figures = f"{alive:.1f} | {ready:.1f} | {cpu:.1f} | {memory:.0f}"
        cells = f"{row.packages} | {row.megabytes:.0f} | {row.install:.0f} | {figures}"
        lines.append(f"| {row.backend} | {cells} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
