"""Fixtures of the tests of documents: a process that serves models of given types."""

import base64
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Serve = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def project(render) -> Path:
    """A render of the production preset; `DOCUMENTS_PROJECT` names another project."""
    return Path(os.environ.get("DOCUMENTS_PROJECT") or render())


@pytest.fixture(scope="session")
def serve(project, commands, tmp_path_factory) -> Iterator[Serve]:
    """Serve a type: return the service's responses to requests for pages, examples and others."""
    probe = [str(commands / "python"), str(Path(__file__).with_name("probe.py"))]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(project)}
    with (tmp_path_factory.mktemp("probe") / "log").open("w") as log:
        process = subprocess.Popen(
            probe, cwd=project, env=env, text=True, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
        )  # fmt: skip
        assert process.stdin
        assert process.stdout

        def ask(source: str, requests: dict[str, tuple[str, bytes, dict[str, str]]] | None = None):
            sent = [
                (name, path, base64.b64encode(body).decode(), headers)
                for name, (path, body, headers) in (requests or {}).items()
            ]
            process.stdin.write(json.dumps({"source": source, "requests": sent}) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield ask
        process.stdin.close()
        process.wait(30)
