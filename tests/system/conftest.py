"""Fixtures of the system tests."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from copier import run_copy

from tests.system.support import must
from tools.managers import INSTALL, environment
from tools.template import snapshot


@pytest.fixture(scope="session", autouse=True)
def _no_settings_of_this_user(tmp_path_factory) -> Iterator[None]:
    """Keep the user's Copier and Git settings out of what is rendered and committed."""
    empty = tmp_path_factory.mktemp("settings")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COPIER_SETTINGS_PATH", str(empty / "copier.yml"))
        patch.setenv("GIT_CONFIG_GLOBAL", str(empty / "gitconfig"))
        yield


@pytest.fixture(scope="session")
def render(tmp_path_factory) -> Callable[..., Path]:
    """Render a project, by default into a new folder."""
    template = snapshot(tmp_path_factory.mktemp("template"))

    def render(folder: Path | None = None, **answers: object) -> Path:
        folder = folder or tmp_path_factory.mktemp("project")
        run_copy(str(template), folder, answers, defaults=True, quiet=True)
        return folder

    return render


@pytest.fixture(scope="session")
def installed_project(render) -> Path:
    """A project with default answers in its own environment, made by uv."""
    folder: Path = render()
    must(INSTALL["uv"], cwd=folder, env=environment("uv"))
    return folder
