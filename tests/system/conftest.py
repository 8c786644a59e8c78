"""Fixtures of the system tests; `render` and the isolation are those of all suites."""

import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from tests.system.support import CACHE, must, require
from tools.managers import INSTALL, TOOLS, environment

PACKAGES = ["axe-core@>=4.14 <5", "puppeteer-core@>=24 <25"]  # Debian 12 has Node 18


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


@pytest.fixture(scope="session")
def modules():
    """Return the folder of Node's packages, installed if they are missing."""
    folder, wanted = TOOLS / "playground", "\n".join(PACKAGES)
    stamp = folder / "installed.txt"
    if not stamp.is_file() or stamp.read_text("utf-8") != wanted:
        npm = require("npm", "apt-get install nodejs npm")
        must([npm, "install", "--silent", "--prefix", folder, *PACKAGES], env=environment())
        stamp.write_text(wanted, "utf-8")
    return folder / "node_modules"
