"""Pages of whole services: their files in a render, their commands, and what these print."""

import http.client
import json
import os
import re
import shlex
import subprocess
import time
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import yaml

from tests.support.pages import blocks
from tools.managers import ROOT
from tools.service import running

FILE = re.compile(r"`([\w/.-]+/[\w.-]+)`[^`]*:\n\n```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)
CONFIG = "configs/config.yaml"
ADDRESS = "127.0.0.1:8000"
MOST_LINES = 100
NUMBER = re.compile(r"-?\d+\.\d+")
TOLERANCE = 0.02  # another processor rounds differently


class ServicePage:
    """A page, and a render with its answers and its files."""

    def __init__(self, name, render, commands):
        self.text = (ROOT / "docs/how-to" / f"{name}.md").read_text("utf-8")
        self.commands = commands
        words = shlex.split(re.search(r"^copier copy .*", self.text, re.MULTILINE)[0])
        pairs = (word.split("=", 1) for option, word in pairwise(words) if option == "--data")
        self.project = render(**{name: yaml.safe_load(value) for name, value in pairs})
        self.files = {path: code for path, code in FILE.findall(self.text) if path != CONFIG}
        for path, code in self.files.items():
            assert not (self.project / path).exists(), f"{path} is not new"
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

    def run(self, command, url=""):
        """Run a command of the page in the render, and return what it prints."""
        code = command.replace("uv run ", "").replace(ADDRESS, url.removeprefix("http://"))
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", code],
            cwd=self.project,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    @property
    def environment(self):
        """Variables with which commands find the project, as if it were installed."""
        return environment(self.project, self.commands)

    @contextmanager
    def serve(self, log, **variables):
        command = [str(self.commands / "python"), "src/main.py"]
        env = self.environment | {"LOG_LEVEL": "INFO"} | variables
        with running(command, cwd=self.project, env=env, log=log) as service:
            yield service

    def run_scripts(self):
        """Check that each command without a request prints what the page shows."""
        self._check([session for session in self.sessions if ADDRESS not in session[0]])

    def check(self, url, *ignored):
        """Check that each request of the page gets the response that the page shows."""
        requests = [s for s in self.sessions if ADDRESS in s[0]]
        self._check([s for s in requests if not any(word in s[0] for word in ignored)], url)

    def _check(self, sessions, url=""):
        assert sessions
        for command, expected in sessions:
            printed = self.run(command, url=url)
            assert is_same(printed, expected), f"{command}\n{printed}"


def environment(project, commands):
    """Return variables for commands in a render; libraries use one thread, as others work here."""
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    path = f"{commands}:{os.environ['PATH']}"
    return {"PATH": path, "PYTHONPATH": str(project), **threads}


def is_same(printed, expected):
    """Return whether two texts differ in nothing but the last digits of numbers."""
    printed, expected = printed.strip(), expected.strip()
    found, wanted = (NUMBER.findall(text) for text in (printed, expected))
    if NUMBER.sub("0.0", printed) != NUMBER.sub("0.0", expected):
        return False
    pairs = zip(map(float, found), map(float, wanted), strict=True)
    return all(abs(a - b) <= TOLERANCE for a, b in pairs)


def measure(name, service, requests):
    """Send requests one after the other on one connection, and print how long they took.

    Each is a method, a path, a body and headers. The time of the processor is that of the service:
    the other times depend on what else the machine does.
    """
    connection = http.client.HTTPConnection(service.url.removeprefix("http://"), timeout=60)
    times, cpu_s = [], processor_time(service)
    for request in requests:
        began = time.perf_counter()
        connection.request(*request)
        response = connection.getresponse()
        response.read()
        times.append((time.perf_counter() - began) * 1000)
        assert response.status == 200
    connection.close()
    cpu_ms = (processor_time(service) - cpu_s) / len(times) * 1000
    half, most = (sorted(times)[len(times) * part // 100] for part in (50, 99))
    print(f"\n{name}: p50 {half:.1f} ms, p99 {most:.1f} ms, {cpu_ms:.1f} ms of the processor each")


def post(body, path="/predict"):
    """Return a request with a JSON body."""
    return "POST", path, json.dumps(body), {"Content-Type": "application/json"}


def processor_time(service):
    """Return the seconds that a service has computed."""
    fields = Path(f"/proc/{service.process.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
