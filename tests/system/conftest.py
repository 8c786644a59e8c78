"""Fixtures of the system tests; `render` and the isolation are those of all suites."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.system.support import must
from tools.managers import INSTALL, environment


@pytest.fixture(scope="session")
def installed_project(render) -> Path:
    """A project with default answers in its own environment, made by uv."""
    folder: Path = render()
    must(INSTALL["uv"], cwd=folder, env=environment("uv"))
    return folder


@pytest.fixture(scope="session")
def lock_file(render) -> Callable[[str], Path]:
    """Give the lock file that a manager makes of default answers; made once, PDM takes a minute."""

    @cache
    def lock(manager: str) -> Path:
        folder = render(package_manager=manager)
        must([manager, "lock"], cwd=folder, env=environment(manager))
        return Path(folder, f"{manager}.lock")

    return lock
