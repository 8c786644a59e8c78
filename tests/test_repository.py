"""The template's own house rules, which no linter knows."""

import ast
import re
import subprocess
from pathlib import PurePosixPath

import pytest

from tools.managers import ROOT

TEMPLATE = ROOT / "template"

# Measured without blank lines, comments and docstrings (docs/decisions).
LINES_OF_CODE = 910


def tracked():
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    return subprocess.run(
        listing, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\n")


def lines_of_code(text):
    """Count lines without blank ones, comments and docstrings."""
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            for number in range(node.lineno - 1, node.end_lineno):
                lines[number] = ""
    return sum(1 for line in lines if line.strip() and not line.strip().startswith("#"))


def test_no_python_file_of_the_template_has_a_jinja_if():
    """Files branch, contents loop: over features, and only in the settings, which know them all."""
    for file in TEMPLATE.rglob("*.py*"):
        tags = "if|elif" if file.name == "settings.py.jinja" else "if|elif|for"
        assert not re.search(rf"\{{%-?\s*({tags})", file.read_text("utf-8")), file


def test_file_names_are_legal_on_windows():
    for name in tracked():
        for part in PurePosixPath(name).parts:
            assert not re.search(r'[<>:"\\|?*]|[ .]$', part), name


def test_no_rendered_source_file_is_over_150_lines(render):
    for file in (render() / "src").rglob("*.py"):
        assert len(file.read_text("utf-8").splitlines()) <= 150, file


def test_page_of_the_playground_can_be_read(render):
    page = (render() / "src/api/playground.html").read_text("utf-8").splitlines()
    assert len(page) <= 300
    assert max(map(len, page)) <= 180


def test_minimal_stays_small(render):
    files = (render(preset="minimal") / "src").rglob("*.py")
    assert sum(lines_of_code(file.read_text("utf-8")) for file in files) < LINES_OF_CODE


def test_no_lock_file_is_committed():
    assert not [name for name in tracked() if name.endswith((".lock", "package-lock.json"))]


def test_no_package_index_is_named():
    """A user's machine must not see where this one gets its packages."""
    code = "from pip._internal.models.index import PyPI; print(PyPI.netloc)"
    index = subprocess.run(
        ["python3", "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()
    for name in filter(None, tracked()):
        content = (ROOT / name).read_bytes() if (ROOT / name).is_file() else b""
        assert index.encode() not in content, name


@pytest.mark.parametrize("action", ["actions/checkout", "actions/setup-python"])
def test_actions_are_pinned_by_commit_and_alike_everywhere(action):
    workflows = [*(ROOT / ".github/workflows").glob("*"), *TEMPLATE.glob(".github/workflows/*")]
    pins = {
        pin
        for file in workflows
        for pin in re.findall(rf"{action}@(\S+ # v[\d.]+)", file.read_text("utf-8"))
    }
    assert len(pins) == 1
    assert re.match(r"[0-9a-f]{40} ", pins.pop())
