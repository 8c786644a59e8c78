"""Services whose model runs in processes of its own."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.support.suite import SUITE
from tests.support.variants import LAYOUTS
from tools.service import Service, running

Serve = Callable[..., AbstractContextManager[Service]]
Project = Callable[[str], Path]

MODELS = SUITE / "processes/process_models.py"
KEYWORD = """
from .dummy_model import DummyModel


class Keyword(DummyModel):
    inline = False
"""
FEATURES = ["batching", "hardening", "open_inference", "metrics", "processes"]
VARIANTS = {
    "hardening": {"features": FEATURES},
    "alone": {"features": ["processes"]},
    "named_package": {"features": FEATURES, **LAYOUTS["named_package"]},
}


@pytest.fixture(scope="session")
def project(render) -> Project:
    """Return a render by its variant, with the models of the engine's suite beside its own."""
    renders: dict[str, Path] = {}

    def of(variant: str) -> Path:
        if variant not in renders:
            folder = renders[variant] = render(**VARIANTS[variant])
            package = next(file.parent for file in folder.rglob("app.py"))
            text = re.sub(r"\bfrom src\b", f"from {package.name}", MODELS.read_text("utf-8"))
            (package / "models" / MODELS.name).write_text(text, "utf-8")
            (package / "models/keyword_model.py").write_text(KEYWORD, "utf-8")
            shutil.rmtree(folder / "tests")  # nothing of it is imported
        return renders[variant]

    return of


@pytest.fixture
def serve(project, commands, tmp_path) -> Serve:
    """Run a service: `with serve("process_models:Worker", count=2) as service`."""

    @contextmanager
    def start(
        model: str = "",
        count: int = 2,
        variant: str = "hardening",
        command: tuple[str, ...] = ("python", "src/main.py"),
        **more: object,
    ) -> Iterator[Service]:
        env = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": "src" if variant == "named_package" else ".",
            "MODEL__IMPLEMENTATION": model,
            "MODEL__PROCESSES__COUNT": str(count),
            "HARDENING__DRAIN_S": "0",
            **{name: str(value) for name, value in more.items()},
        }
        start = [str(commands / command[0]), *command[1:]]
        with running(start, cwd=project(variant), env=env, log=tmp_path / "log") as service:
            yield service

    return start
