"""Building images with buildah and running them with crun: no daemon, no registry."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.system.support import CACHE, CERTIFICATES, MANAGERS, must, network, require, run

BASE = "localhost/base"
_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
_MIRROR_PLUGIN = "/opt/poetry-mirror"

# crun of Debian rejects the hybrid hierarchy of cgroups, even if it is told to use none.
_CRUN = 'mount -t cgroup2 none /sys/fs/cgroup && exec crun --cgroup-manager=disabled "$@"'

_CLIENT = """
import sys, urllib.error, urllib.request as r
try: answer = r.urlopen(r.Request(sys.argv[2], method=sys.argv[1]), timeout=60)
except urllib.error.HTTPError as error: answer = error
print(answer.status, answer.read().decode())
"""


class Store:
    """Images in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        program = require("buildah", "apt-get install buildah")
        if os.geteuid():
            pytest.fail("Images are built and run by root: sudo make test-system", pytrace=False)
        self._folder = folder
        self._command = [program, "--storage-driver", "vfs"]
        self._command += ["--root", str(folder / "root"), "--runroot", str(folder / "run")]
        self._import_base()

    def buildah(self, *arguments: str | Path) -> str:
        """Call buildah, and return its output."""
        return must([*self._command, *arguments]).strip()

    def build(
        self, project: Path, tag: str, *, base: str = BASE, **arguments: str
    ) -> subprocess.CompletedProcess[str]:
        """Build a project's Dockerfile over a base image."""
        command = ["build", "--isolation", "chroot", "--format", "docker", "--pull-never"]
        for name, value in {"BASE_IMAGE": base, **arguments}.items():
            command += ["--build-arg", f"{name}={value}"]
        return run([*self._command, *command, "--tag", tag, str(project)])

    def base_of_empty_environments(self) -> str:
        """Return a base image whose `python3 -m venv` installs nothing, and so takes no time.

        Its pip and package managers do nothing, successfully.
        """
        name, script = f"{BASE}-empty", self._folder / "python3"
        link = 'for name in pip uv poetry pdm; do ln -s /bin/true "$3/bin/$name"; done'
        make = f'[ "$2" = venv ] || exit 0\nmkdir -p "$3/bin"\n{link}'
        script.write_text(f"#!/bin/sh\n{make}\n", "utf-8")
        container = self.buildah("from", "--pull-never", BASE)
        self.buildah("add", "--quiet", "--chmod", "755", container, script, "/usr/local/bin/")
        self.buildah("commit", "--quiet", "--rm", container, name)
        return name

    def config(self, image: str) -> dict[str, Any]:
        """Return the image's configuration for running it."""
        inspected = json.loads(self.buildah("inspect", "--type", "image", image))
        config: dict[str, Any] = inspected["Docker"]["config"]
        return config

    def files(self, image: str) -> Path:
        """Return a folder that has the image's files."""
        container = self.buildah("from", "--pull-never", image)
        return Path(self.buildah("mount", container))

    def _import_base(self) -> None:
        """Make the base image: Debian with Python, and this machine's way to the package index."""
        container = self.buildah("from", "scratch")
        self.buildah("add", "--quiet", container, _debian(), "/")
        variables = network(*MANAGERS)
        if certificates := [name for name in CERTIFICATES if name in variables]:
            bundle = variables[certificates[0]]
            self.buildah("add", "--quiet", container, bundle, _CERTIFICATES)
            variables |= dict.fromkeys(certificates, _CERTIFICATES)
        if "POETRY_PYPI_MIRROR_URL" in variables:
            self.buildah("add", "--quiet", container, self._mirror_plugin(), _MIRROR_PLUGIN)
            variables["PYTHONPATH"] = _MIRROR_PLUGIN
        settings = [f"--env={name}={value}" for name, value in variables.items()]
        self.buildah("config", *settings, container)
        self.buildah("commit", "--quiet", "--rm", container, BASE)

    def _mirror_plugin(self) -> Path:
        folder = self._folder / "mirror"
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        must([*pip, "--target", str(folder), "poetry-plugin-pypi-mirror>=0.6,<1"])
        return folder


def _debian() -> Path:
    """Return Debian's essential packages and Python as an archive; made once."""
    archive = CACHE / "debian-bookworm-python.tar"
    if not archive.is_file():
        program = require("mmdebstrap", "apt-get install mmdebstrap")
        CACHE.mkdir(exist_ok=True)
        unfinished = archive.with_suffix(".part.tar")
        options = ["--variant=essential", "--include=python3,python3-venv,ca-certificates"]
        options += [
            f"--dpkgopt=path-exclude=/usr/share/{unused}/*" for unused in ("doc", "locale", "man")
        ]
        must([program, *options, "bookworm", str(unfinished)])
        unfinished.rename(archive)
    return archive


@dataclass
class Container:
    """A running container: read-only files, no capabilities, its own processes and network."""

    process: subprocess.Popen[str]
    log: Path
    state: Path

    def execute(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in it, as its own user and with its own variables."""
        return run(_crun(self.state, "exec", "service", *command))

    def request(self, method: str, url: str) -> str:
        """Send a request from inside; return status and body, or nothing while none listens."""
        return self.execute("python", "-c", _CLIENT, method, url).stdout.strip()

    def wait_until_ready(self, url: str) -> None:
        """Wait until the service can predict."""
        deadline = time.monotonic() + 180
        while not self.request("GET", f"{url}/ready").startswith("200"):
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise AssertionError(f"The service did not start:\n{self.log.read_text('utf-8')}")
            time.sleep(0.2)

    def terminate(self) -> int:
        """Send SIGTERM to its first process, as `docker stop` does; return the exit code."""
        must(_crun(self.state, "kill", "service", "TERM"))
        return self.process.wait(120)


@contextmanager
def running(
    files: Path,
    config: Mapping[str, Any],
    folder: Path,
    *,
    variables: Mapping[str, str],
    command: Sequence[str] | None = None,
) -> Iterator[Container]:
    """Run an image's files as its configuration says, until the block ends."""
    user, group = map(int, config["User"].split(":"))
    bundle, log = folder / "bundle", folder / "log.txt"
    bundle.mkdir(parents=True)
    must(_crun(folder, "spec"), cwd=bundle)
    spec = json.loads((bundle / "config.json").read_text("utf-8"))
    spec["root"] = {"path": str(files), "readonly": True}
    spec["process"] |= {
        "terminal": False,
        "args": list(command or config["Cmd"]),
        "env": [f"{name}={value}" for name, value in variables.items()],
        "cwd": config["WorkingDir"],
        "user": {"uid": user, "gid": group},
        "capabilities": {},
        "noNewPrivileges": True,
    }
    (bundle / "config.json").write_text(json.dumps(spec), "utf-8")
    start = _crun(folder, "run", "--bundle", str(bundle), "service")
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(start, stdout=output, stderr=output, text=True)
    try:
        yield Container(process, log, folder)
    finally:
        if process.poll() is None:
            run(_crun(folder, "kill", "service", "KILL"))
            process.wait(120)
        shutil.rmtree(bundle)


def _crun(folder: Path, *arguments: str) -> list[str]:
    require("crun", "apt-get install crun")
    unshare = require("unshare", "apt-get install util-linux")
    command = [unshare, "--mount", "sh", "-c", _CRUN, "sh", "--root", str(folder / "state")]
    return [*command, *arguments]
