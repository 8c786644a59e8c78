"""Pages of whole services: their files in a render, their commands, and what these print."""

import http.client
import json
import os
import re
import shlex
import subprocess
import time
from contextlib import contextmanager

import yaml

from tests.support.pages import blocks
from tools.managers import ROOT
from tools.service import running

FILE = re.compile(r"`([\w/.-]+/[\w.-]+)`[^`]*:\n\n```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)
CONFIG = "configs/config.yaml"
ADDRESS = "127.0.0.1:8000"
MOST_LINES = 100
TOLERANCE = 0.02  # of numbers with a point: another processor rounds differently


class ServicePage:
    """A page, and a render with what it adds."""

    def __init__(self, name, render, commands):
        self.text = (ROOT / "docs/how-to" / f"{name}.md").read_text("utf-8")
        self.commands = commands
        (command,) = (b for b in blocks(self.text, "bash") if b.startswith("copier copy"))
        words = shlex.split(command.partition("\n")[0])
        data = [words[n + 1] for n, word in enumerate(words) if word == "--data"]
        self.project = render(**{k: yaml.safe_load(v) for k, _, v in (d.partition("=") for d in data)})
        self.files = {path: code for path, code in FILE.findall(self.text) if path != CONFIG}
        for path, code in self.files.items():
            assert not (self.project / path).exists(), f"{path} is the template's"
            assert len(code.splitlines()) < MOST_LINES, path
            (self.project / path).parent.mkdir(parents=True, exist_ok=True)
            (self.project / path).write_text(code, "utf-8")

    @property
    def configs(self):
        return [*map(yaml.safe_load, blocks(self.text, "yaml"))]

    @property
    def sessions(self):
        """Commands with what they print, in the order of the page."""
        found = []
        for block in blocks(self.text, "console"):
            for entry in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                command = re.match(r"(?:.*\\\n)*.*\n", entry)[0]
                found.append((command.strip(), entry[len(command) :]))
        return found

    def configure(self, *configs):
        """Replace sections of the configuration."""
        file = self.project / CONFIG
        values = yaml.safe_load(file.read_text("utf-8"))
        for config in configs:
            values |= config
        file.write_text(yaml.safe_dump(values), "utf-8")

    def run(self, command, status=0, url="", cwd=None):
        """Run a command of the page in the render, and return what it prints."""
        code = re.sub("uv run (--with \\S+ )*", "", command).replace(ADDRESS, url.removeprefix("http://"))
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", code],
            cwd=cwd or self.project,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == status, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    @property
    def environment(self):
        """Variables with which commands find the project, as if it were installed."""
        path = f"{self.commands}:{os.environ['PATH']}"
        threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # others work here, too
        return {"PATH": path, "PYTHONPATH": str(self.project), **threads}

    @contextmanager
    def serve(self, log, **variables):
        command = [str(self.commands / "python"), "src/main.py"]
        env = self.environment | {"LOG_LEVEL": "INFO"} | variables
        with running(command, cwd=self.project, env=env, log=log) as service:
            yield service

    def run_scripts(self):
        """Run the scripts of the page, before the service."""
        self._check([s for s in self.sessions if not s[0].startswith("for ") and ADDRESS not in s[0]])

    def check(self, url, *ignored):
        """Check that each request of the page gets the response that the page shows."""
        requests = [s for s in self.sessions if ADDRESS in s[0]]
        self._check([s for s in requests if not any(word in s[0] for word in ignored)], url)

    def _check(self, sessions, url=""):
        assert sessions
        for command, expected in sessions:
            printed = self.run(command, url=url)
            assert is_same(printed, expected), f"{command}\n{printed}"


def is_same(printed, expected):
    """Return whether two texts differ in nothing but the last digits of numbers."""
    number = r"(-?\d+\.\d+)"
    pairs = [*zip(re.split(number, printed.rstrip()), re.split(number, expected.rstrip()))]
    return len(re.split(number, printed.rstrip())) == len(
        re.split(number, expected.rstrip())
    ) and all(
        a == b or (re.fullmatch(number, a) and re.fullmatch(number, b) and abs(float(a) - float(b)) <= TOLERANCE)
        for a, b in pairs
    )


def measure(name, url, path, bodies, content_type="application/json"):
    """Send requests one after the other on one connection, and print how long they took."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
    times = []
    for body in bodies:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        began = time.perf_counter()
        connection.request("POST", path, content, {"Content-Type": content_type})
        response = connection.getresponse()
        response.read()
        times.append((time.perf_counter() - began) * 1000)
        assert response.status == 200
    connection.close()
    times.sort()
    half, most = times[len(times) // 2], times[len(times) * 99 // 100]
    print(f"\n{name}: {len(times)} requests, p50 {half:.1f} ms, p99 {most:.1f} ms")
