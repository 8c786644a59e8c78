"""Fixtures of the update suite."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.update import history as histories
from tests.update.project import into_git, render, write_quick_copier


@pytest.fixture(scope="session")
def history(tmp_path_factory):
    """The template's repository: the last three releases and the next."""
    return histories.build(tmp_path_factory.mktemp("history") / "template")


@pytest.fixture(scope="session")
def rendered(history, tmp_path_factory) -> Callable[..., Path]:
    """Render a release once and return a copy of it."""
    kept: dict[tuple[str, ...], Path] = {}

    def copy(release: str, folder: Path, **answers: object) -> Path:
        key = (release, *(f"{name}={value}" for name, value in sorted(answers.items())))
        if key not in kept:
            kept[key] = tmp_path_factory.mktemp("rendered") / "project"
            render(history.path, release, kept[key], **answers)
        return Path(shutil.copytree(kept[key], folder))

    return copy


@pytest.fixture(scope="session")
def started(rendered) -> Callable[..., Path]:
    """Render a release and commit it, as the message after `copier copy` says."""

    def start(release: str, folder: Path, **answers: object) -> Path:
        return into_git(rendered(release, folder, **answers))

    return start


@pytest.fixture(scope="session")
def quick_copier(history, rendered, tmp_path_factory):
    """A Copier whose renders are copies of earlier ones: they are the same each time."""
    folder = tmp_path_factory.mktemp("quick")
    for release in (history.current, history.next):
        rendered(release, folder / release)
    return write_quick_copier(folder, history.current, history.next)
