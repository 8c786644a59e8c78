"""Fixtures of the system tests; `render` and the isolation are those of all suites."""

import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from tests.system.support import CACHE, must
from tools.managers import INSTALL, environment


@pytest.fixture(scope="session")
def installed_project(render) -> Path:
    """A project with default answers in its own environment, made by uv."""
    folder: Path = render()
    must(INSTALL["uv"], cwd=folder, env=environment("uv"))
    return folder


@pytest.fixture(scope="session")
def lock_file(render) -> Callable[[str], Path]:
    """Return the lock file that a manager makes of default answers; kept, PDM takes a minute."""

    def lock(manager: str) -> Path:
        project = render(package_manager=manager)
        digest = sha256((project / "pyproject.toml").read_bytes()).hexdigest()
        kept = CACHE / "locks" / digest / f"{manager}.lock"
        if not kept.is_file():
            must([manager, "lock"], cwd=project, env=environment(manager))
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(project / kept.name, kept)
        return kept

    return lock
