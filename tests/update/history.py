"""A repository of the template with its last three releases, and the next one.

Releases come from this project's own history, by `tests/releases/releases.yml`. Where there are
fewer than three, older ones are made up by taking things away from the oldest.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.update.project import commit, git
from tools.template import releases, snapshot, unpack

KEPT = 3  # releases from which an update is tested
CURRENT = "v98.0.0"  # the working tree
NEXT = "v99.0.0"  # the same, grown
LISTED = releases()
NAMES = [
    *(f"v0.0.{number}" for number in range(len(LISTED) + 1, KEPT + 1)),
    *(f"v{version}" for version in [*LISTED][-KEPT:]),
]

LAST = NAMES[-1]
BEFORE_MOVE = "v0.4.0"  # the last release before 0.5.0 moved the engine


@dataclass(frozen=True)
class History:
    """The repository; `current` is the working tree, `next` the same with changes everywhere."""

    path: Path
    current: str = CURRENT
    next: str = NEXT


def build(folder: Path) -> History:
    """Make the repository, each release a tagged commit."""
    folder.mkdir()
    git(folder, "init", "--quiet")
    for name in NAMES if BEFORE_MOVE in NAMES else [BEFORE_MOVE, *NAMES]:
        _empty(folder)
        if name.removeprefix("v") in LISTED:
            unpack(LISTED[name.removeprefix("v")], folder)
        else:
            unpack(next(iter(LISTED.values())), folder)
            for step in _OLDER[NAMES.index(name) :]:
                step(folder / "template")
        commit(folder, name, name)
    _empty(folder)
    snapshot(folder)
    commit(folder, CURRENT, CURRENT)
    grow(folder)
    commit(folder, NEXT, NEXT)
    return History(folder)


def grow(folder: Path) -> None:
    """Change each kind of file close to where users edit, whatever the last commit did.

    What is added works, so that the updated service still starts.
    """
    template = folder / "template"
    insert(template / "pyproject.toml.jinja", '    "prometheus-client>=0.22,<1",', "    # Your dep")
    insert(template / "pyproject.toml.jinja", '    "pytest-timeout>=2.4,<3",', '    "pytest>=')
    insert(template / "configs/config.yaml.jinja", "log_format: text\n", "# Your settings")
    insert(template / ".env.example.jinja", "# NEW_SETTING=1", "# LOG_LEVEL=INFO")
    insert(template / ".gitignore", "coverage.xml", "build/")
    insert(template / "Makefile.jinja", "# New line.", "lint: ##")
    insert(template / "DEVELOPMENT.md.jinja", "New line.\n", "## Routes")
    insert(template / ".github/workflows/ci.yml.jinja", "  workflow_dispatch:", "  pull_request:")
    insert(template / "Dockerfile.jinja", "# New line.", "FROM ", everywhere=True)
    package = template / "{{ package_path }}"
    insert(package / "core/errors.py", "# New line.", "class ServiceError(")
    settings = '    new_setting: int = 1\n    """New."""'
    insert(package / "config/settings.py.jinja", settings, "    model: ModelSettings =")
    (package / "api/new_part.py").write_text('"""New part."""\n', "utf-8")
    for name in ("README.md.jinja", "MODEL_CARD.md.jinja", "CHANGELOG.md.jinja"):
        file = template / name
        file.write_text(file.read_text("utf-8") + "\nNew words.\n", "utf-8")
    model = package / "models/{{ model_module }}.py.jinja"
    model.write_text(model.read_text("utf-8") + "\n\n# New words.\n", "utf-8")


def insert(file: Path, line: str, before: str, *, everywhere: bool = False) -> None:
    """Put a line above the one that begins with `before`."""
    lines = file.read_text("utf-8").split("\n")
    places = [number for number, text in enumerate(lines) if text.startswith(before)]
    assert len(places) == 1 or (everywhere and places), (file, before, places)
    for number in reversed(places):
        lines.insert(number, line)
    file.write_text("\n".join(lines), "utf-8")


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and path.name != ".git":
            shutil.rmtree(path)
        elif path.is_file():
            path.unlink()


def _without(file: Path, *beginnings: str) -> None:
    lines = file.read_text("utf-8").split("\n")
    kept = [line for line in lines if not line.startswith(beginnings)]
    assert len(kept) == len(lines) - len(beginnings), (file, beginnings)
    file.write_text("\n".join(kept), "utf-8")


def _first(template: Path) -> None:
    """Remove a dependency, a tool, settings and files of the release after it."""
    _without(template / "pyproject.toml.jinja", '    "fastapi-offline', '    "locust')
    _without(template / "configs/config.yaml.jinja", "  slow_after:", "log_level:")
    _without(template / ".env.example.jinja", "# ACCESS_LOG", "# SERVICE__SLOW_AFTER")
    _without(template / ".gitignore", "build/", ".coverage")
    (template / "tests/unit/core/test_importing.py.jinja").unlink()
    (template / "{{ package_path }}/core/importing.py").unlink()


def _second(template: Path) -> None:
    """Remove other things, and lower a bound."""
    pyproject = template / "pyproject.toml.jinja"
    text = (
        pyproject.read_text("utf-8").replace("<0.200", "<0.190").replace("mypy>=2.4", "mypy>=2.3")
    )
    pyproject.write_text(text, "utf-8")
    _without(template / "Makefile.jinja", "load-test:", "\t$(RUN) pytest tests/performance")
    _without(template / ".github/workflows/ci.yml.jinja", "  cancel-in-progress:")
    (template / "tests/performance/test_load.py").unlink()


_OLDER = (_first, _second)
