"""A render of the production preset with further models, and services of several of them."""

import os
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tools.managers import ROOT
from tools.service import Service, running

Serve = Callable[..., AbstractContextManager[Service]]
MODELS = [
    *Path(__file__).with_name("models").glob("*.py"),
    ROOT / "tests/conformance/rendered_models.py",
]


@pytest.fixture(scope="session")
def project(render) -> Path:
    """A render of the production preset, with the models of these tests beside its own."""
    folder: Path = render(preset="production")
    for file in MODELS:
        shutil.copy(file, folder / "src/models")
    return folder


@pytest.fixture(scope="session")
def serve(project, commands, tmp_path_factory) -> Serve:
    """Serve a file of settings, which a test may change: `with serve(file) as service`."""

    @contextmanager
    def start(file: Path, *, ready: str = "/ready", **more: object):
        env = {"PATH": os.environ["PATH"], "HARDENING__DRAIN_S": "0", "CONFIG_PATH": str(file)}
        env |= {name: str(value) for name, value in more.items()}
        command, log = [str(commands / "python"), "src/main.py"], tmp_path_factory.mktemp("log")
        log = log / "log"
        with running(command, cwd=project, env=env, log=log, ready=ready) as service:
            yield service

    return start
