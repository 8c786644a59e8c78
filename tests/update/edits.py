"""The standard edit set: a user's edits of a rendered project in its first months.

`apply` makes the same edits to any release, so a project that was edited and then updated must
equal a fresh render of the new release that was edited afterwards.
"""

from collections.abc import Callable
from pathlib import Path

from tests.support.pages import blocks
from tools.managers import ROOT

# The lines that each manager's own `add` writes; test_real_update.py compares them.
ADDED = {
    "uv": ('    "more-itertools>=10,<12",\n', '    "toolz>=1,<2",\n'),
    "poetry": ('    "more-itertools (>=10,<12)"\n', '    "toolz (>=1,<2)",\n'),
    "pdm": ('    "more-itertools<12,>=10"\n', '    "toolz<2,>=1",\n'),
}
ADD = {
    "uv": [["uv", "add"], ["uv", "add", "--dev"]],
    "poetry": [["poetry", "add"], ["poetry", "add", "--group", "dev"]],
    "pdm": [["pdm", "add"], ["pdm", "add", "--dev", "--group", "dev"]],
}
DELETED = ("tests/integration/test_errors.py", "MODEL_CARD.md")

AT_THE_END = {
    "README.md": "\n## Ours\n\nWords.\n",
    ".gitignore": "data/\n",
    ".gitattributes": "*.onnx filter=lfs diff=lfs merge=lfs -text\n",
    "local.mk": "ours: ## Ours\n\techo ours\n",
    "pyproject.toml": '\n[tool.ours]\nkey = "value"\n',
}
MODEL = '''
"""A model that counts words."""

from typing import ClassVar

from more_itertools import ilen

from .base import Model


class WordsModel(Model):
    """Counts the words of a text."""

    model_name: ClassVar[str] = "words"
    version: ClassVar[str] = "2.0.0"
    example: ClassVar[str] = "two words"

    def predict(self, input_data: str) -> int:
        """Count."""
        return ilen(input_data.split())
'''

Add = Callable[[Path], None]


def page(name: str, language: str) -> list[str]:
    """Return the examples of a how-to page: the lines and files for users to write."""
    return [*blocks((ROOT / f"docs/how-to/{name}.md").read_text("utf-8"), language)]


def apply(project: Path, manager: str, *, add: Add | None = None) -> None:
    """Make the standard edits.

    Args:
        project: Rendered with `package_manager` = manager, in any layout and from any release.
        manager: Whose way of adding dependencies is imitated.
        add: Adds the dependencies with the manager itself instead, and so makes the lock file.
    """
    package = package_of(project)
    if add:
        add(project)
    else:
        add_dependencies(project, manager)
        (project / f"{manager}.lock").write_text("# made by the user\n")
    add_route_and_middleware(package)
    add_setting(project, package)
    write(package / "models/words_model.py", MODEL)
    config = project / "configs/config.yaml"
    replace(config, "dummy_model:DummyModel", "words_model:WordsModel")
    replace(config, "cache_size: 100", "cache_size: 7")
    replace(package / "models/dummy_model.py", '("good", "great")', '("good", "great", "fine")')
    (project / ".env").write_text("API_PORT=0\nSERVICE__TIMEOUT=5\n")
    workflow = project / ".github/workflows/ci.yml"
    if workflow.is_file():
        replace(workflow, "- run: make coverage\n", "- run: make coverage load-test\n")
        below(workflow, "      # Your steps\n", "      - run: echo ours\n")
    for name, lines in AT_THE_END.items():
        with (project / name).open("a", encoding="utf-8") as file:
            file.write(lines)
    for name in DELETED:
        (project / name).unlink()


def package_of(project: Path) -> Path:
    """Find the folder of the import package, in either layout."""
    return next(path.parent for path in (project / "src").rglob("app.py"))


def add_dependencies(project: Path, manager: str) -> None:
    dependency, tool = ADDED[manager]
    below(project / "pyproject.toml", "# Your dependencies", dependency)
    below(project / "pyproject.toml", '"pre-commit>=4.7,<5",', tool)


def add_route_and_middleware(package: Path) -> None:
    route, _, middleware = page("add-a-route", "python")
    write(package / "api/compare.py", route)
    write(package / "api/team.py", middleware)


def add_setting(project: Path, package: Path) -> None:
    (field, *_), (shared,) = page("add-a-setting", "python"), page("add-a-setting", "yaml")
    variable, *_ = page("add-a-setting", "bash")
    for file, block in (
        (package / "config/settings.py", field),
        (project / ".env.example", variable),
        (project / "configs/config.yaml", shared),
    ):
        comment, *lines = block.splitlines(keepends=True)
        below(file, comment, "".join(lines))


def write(file: Path, text: str) -> None:
    file.write_text(text.removeprefix("\n"), "utf-8")


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_bytes().decode()
    assert text.count(old) == 1, (file, old)
    file.write_bytes(text.replace(old, new).encode())


def below(file: Path, line: str, new: str) -> None:
    """Add lines below the only line with this text, however it is indented."""
    lines = file.read_text("utf-8").splitlines(keepends=True)
    (place,) = [number for number, found in enumerate(lines, 1) if found.strip() == line.strip()]
    lines.insert(place, new)
    file.write_text("".join(lines), "utf-8")
