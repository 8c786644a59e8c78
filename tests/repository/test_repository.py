"""The template's own house rules, which no linter knows."""

import ast
import re
import subprocess
import sys
from pathlib import PurePosixPath

import pytest

from tests.conftest import THOROUGH
from tests.support.repository import tracked
from tools.managers import ROOT
from tools.template import read_backends, read_features

TEMPLATE = ROOT / "template"

# Measured without blank lines, comments and docstrings (docs/decisions).
LISTS = {"settings.py.jinja", "parts.py.jinja"}
LINES_OF_CODE, OF_THE_ENGINE = 2_155, 460


def lines_of_code(text):
    """Count lines without blank ones, comments and docstrings."""
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            for number in range(node.lineno - 1, node.end_lineno):
                lines[number] = ""
    return sum(1 for line in lines if line.strip() and not line.strip().startswith("#"))


def test_no_pattern_and_no_list_of_suffixes_is_written_twice(render):
    """A name that one module checks with another pattern than the next is found by users."""
    project = render(features=[*read_features()], backends=[*read_backends()])
    source = "".join(file.read_text("utf-8") for file in (project / "src").rglob("*.py"))
    patterns = re.findall(r'r"\^[^"\n]{8,}\$"', source)
    assert sorted(patterns) == sorted({*patterns})
    assert len(re.findall(r"^PICKLES\b", source, re.MULTILINE)) == 1


def test_no_python_file_of_the_template_has_a_jinja_if():
    """Files branch, contents loop: only in the two files that know all features."""
    for file in TEMPLATE.rglob("*.py*"):
        tags = "if|elif" if file.name in LISTS else "if|elif|for"
        assert not re.search(rf"\{{%-?\s*({tags})", file.read_text("utf-8")), file


def test_peers_of_the_benchmarks_open_networks_in_one_place():
    """One with other options would not be compared on equal terms."""
    peers = (ROOT / "benchmarks/peers").rglob("*.py")
    openers = [file.name for file in peers if "InferenceSession(" in file.read_text("utf-8")]
    assert openers == ["sessions.py"]


def test_file_names_are_legal_on_windows():
    for name in tracked():
        for part in PurePosixPath(name).parts:
            assert not re.search(r'[<>:"\\|?*]|[ .]$', part), name


def test_no_rendered_source_file_has_150_lines(render):
    for file in (render() / "src").rglob("*.py"):
        assert len(file.read_text("utf-8").splitlines()) < 150, file


def test_no_rendered_function_has_more_than_25_lines(render):
    """Counted without its docstring, with functions in it."""
    for file in (render() / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first = node.body[0] if ast.get_docstring(node) else None
                docstring = first.end_lineno - first.lineno + 1 if first else 0
                lines = node.end_lineno - node.lineno + 1 - docstring
                assert lines <= 25, f"{file.name}: {node.name} has {lines} lines"


def test_no_rendered_folder_has_more_than_12_files(render):
    """In the package and the tests; the project's folder has what tools look for there."""
    project = render()
    for folder in (*(project / "src").rglob("*"), *(project / "tests").rglob("*")):
        if folder.is_dir():
            assert len([path for path in folder.iterdir() if path.is_file()]) <= 12, folder


def test_page_of_the_playground_can_be_read(render):
    page = (render() / "src/api/playground.html").read_text("utf-8").splitlines()
    assert len(page) <= 354
    assert max(map(len, page)) <= 180


def test_no_file_of_the_template_has_a_name_that_is_the_users():
    """No update would write it: `copier.yml` leaves out `models/*_model.py`."""
    named = [file for file in TEMPLATE.rglob("*_model.py*") if file.parent.name == "models"]
    assert named == []


def test_minimal_stays_small(render):
    source = render(preset="minimal") / "src"
    lines = {file: lines_of_code(file.read_text("utf-8")) for file in source.rglob("*.py")}
    engine = sum(count for file, count in lines.items() if "serving" in file.parts)
    assert engine < OF_THE_ENGINE
    assert sum(lines.values()) - engine < LINES_OF_CODE


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


def test_each_pattern_of_thorough_tests_matches_some():
    """A stale one would bring minutes back to `make test`."""
    listing = [sys.executable, "-m", "pytest", "--collect-only", "--quiet", "tests"]
    collected = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    tests = [line for line in collected.splitlines() if "::" in line]
    for pattern in THOROUGH:
        assert any(re.search(pattern, test) for test in tests), pattern
