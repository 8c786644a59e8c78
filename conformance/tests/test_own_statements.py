"""Statements of the user's own, given with `--also`."""

import re
from pathlib import Path

import pytest

from runs import run_all

README = Path(__file__).parent.parent / "README.md"
ONLY = ["-k", "test_own or health_live or test_live"]


def example(language):
    """Return the example of the README in a language."""
    section = README.read_text("utf-8").partition("## Write your own statements")[2]
    return re.search(rf"```{language}\n(.*?)```", section, re.DOTALL)[1]


def folder_with(path, statements, test):
    path.mkdir()
    (path / "statements.yml").write_text(statements, "utf-8")
    (path / "test_own.py").write_text(test, "utf-8")
    return f"--also={path}"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    listed, test = example("yaml"), example("python")
    fails = test.replace("    assert", "    raise KeyError('elapsed')\n    assert")
    crowded = listed + listed
    missing = [f"--also={folder}"]
    return run_all(folder, {
        "holds": (None, "text", [folder_with(folder / "a", listed, test), *ONLY]),
        "fails": (None, "text", [folder_with(folder / "b", listed, fails), *ONLY]),
        "syntax": (None, "text", [folder_with(folder / "h", listed, "def test_own(:")]),
        "import": (None, "text", [folder_with(folder / "i", listed, "import no_such_module")]),
        "raises": (None, "text", [folder_with(folder / "j", listed, "raise KeyError('early')")]),
        "unmarked": (None, "text", [folder_with(folder / "c", listed, "def test_own(): pass")]),
        "unlisted": (None, "text", [folder_with(folder / "d", "[]", test)]),
        "twice": (None, "text", [folder_with(folder / "e", crowded, test)]),
        "level": (None, "text", [folder_with(folder / "f", listed.replace("practice", "x"), test)]),
        "fields": (None, "text", [folder_with(folder / "g", "- id: own", test)]),
        "missing": (None, "text", missing),
    })  # fmt: skip


def test_example_of_the_readme_holds(runs):
    run = runs["holds"]
    assert run.code == 0, run.printed
    assert run.holding == {"health-live", "health-live-body", "own-latency"}


def test_own_statement_that_does_not_hold_is_reported_with_its_line(runs):
    run = runs["fails"]
    assert run.code == 1
    assert run.failing == {"own-latency"}
    assert re.search(r"KeyError: 'elapsed' \(test_own\.py:\d+\)", run.printed)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("syntax", "SyntaxError: "),
        ("import", "No module named 'no_such_module'"),
        ("raises", "KeyError: 'early'"),
    ],
)
def test_file_that_cannot_be_imported_is_named_with_its_error(runs, name, said):
    assert runs[name].code == 2
    [line] = [line for line in runs[name].printed.splitlines() if line.startswith("✗ ")]
    assert "test_own.py: " in line
    assert said in line


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("unmarked", "test_own: no statement; mark it with statement(id)"),
        ("unlisted", "no statement 'own-latency' is listed"),
        ("twice", "the statement 'own-latency' is used twice"),
        ("level", "the statement 'own-latency' has a level 'x'"),
        ("fields", "is not a list of statements: "),
        ("missing", "statements.yml is not a list of statements: "),
    ],
)
def test_folder_that_cannot_be_used_is_one_line(runs, name, said):
    assert runs[name].code == 4, runs[name].printed
    lines = [line for line in runs[name].printed.splitlines() if line.startswith("ERROR: ")]
    assert len(lines) == 1
    assert said in lines[0]
