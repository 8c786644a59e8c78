"""Random edits to random files, then an update to a template that grew in random places.

`make test-thorough` tries 25 sets, `make test-random-edits` 150: the profiles in tests/conftest.py.
"""

import re
import subprocess
from collections import Counter
from dataclasses import dataclass
from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, event, given, note, settings
from hypothesis import strategies as st

from tests.update.project import commit, conflicts, files, git, into_git, render, update, users_own

EDITS = ["insert", "replace", "delete", "append", "crlf", "new file", "delete file"]
GROWTH = ["insert", "replace", "delete", "append", "new file"]
JINJA = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
TOKEN = re.compile(r"<\w+ \d+ é>")
ANSWERS = ".copier-answers.yml"


@dataclass(frozen=True)
class Change:
    """A change of one file; `file` and `line` are taken modulo what there is."""

    kind: str
    file: int
    line: int
    lines: int


def changes(kinds, most):
    number = st.integers(0, 10**6)
    change = st.builds(Change, st.sampled_from(kinds), number, number, st.integers(1, 3))
    return st.lists(change, min_size=1, max_size=most)


@pytest.fixture(scope="module")
def template(history, tmp_path_factory):
    """A clone, because other tests update to the newest release of the original."""
    folder = tmp_path_factory.mktemp("growing") / "template"
    git(history.path, "clone", "--quiet", str(history.path), str(folder))
    return folder


@pytest.fixture(scope="module")
def base(template, history, tmp_path_factory):
    """A committed project that nobody has edited."""
    folder = tmp_path_factory.mktemp("base") / "project"
    return into_git(render(template, history.current, folder))


@pytest.fixture(scope="module")
def numbers():
    return count(100)


@given(edits=changes(EDITS, 8), growth=changes(GROWTH, 16))
@settings(
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink would take an hour
)
def test_no_edit_is_lost_or_doubled(
    base, template, history, numbers, tmp_path_factory, edits, growth
):
    number = next(numbers)
    folder = tmp_path_factory.mktemp(f"set{number}")
    project, release = folder / "project", f"v{number}.0.0"
    git(folder, "clone", "--quiet", str(base), project.name)
    for place, change in enumerate(edits):
        edit(project, change, f"<user {place} é>")
    commit(project, "Edits")
    commit(project, "Line ends")  # which a deleted .gitattributes leaves to be committed
    git(template, "checkout", "--quiet", history.current)
    for place, change in enumerate(growth):
        grow(template / "template", change, f"<template {place} é>")
    commit(template, "Growth", release)
    old, before = files(base), files(project)
    new = files(render(template, release, folder / "new"))

    update(project, to=release)
    after, unmerged = files(project), conflicts(project)
    note(f"Not merged: {unmerged}")
    event("with conflict markers" if unmerged else "merged cleanly")

    assert users_tokens(after) == users_tokens(before)
    for name in before.keys() | new.keys() - {ANSWERS}:
        if name in users_own({name}) or name not in new:
            assert after.get(name) == before.get(name), f"{name} is the user's"
        elif name in old and name not in before:
            assert name not in after, f"{name} was deleted and came back"
        elif name not in unmerged and b"\r" not in before.get(name, b""):
            expected = merged(folder, before.get(name), old.get(name, b""), new[name])
            assert after[name] == expected, f"{name} is not what a three-way merge gives"


def edit(project, change, token):
    names = [name for name in git(project, "ls-files").splitlines() if (project / name).is_file()]
    name = names[change.file % len(names)]
    if change.kind == "new file":
        append(project / f"src/api/new_{change.file % 4}.py", token)
    elif name != ANSWERS and change.kind == "delete file":
        (project / name).unlink()
    elif name != ANSWERS and change.kind == "crlf":
        text = (project / name).read_bytes().replace(b"\r\n", b"\n")
        (project / name).write_bytes(text.replace(b"\n", b"\r\n"))
    elif name != ANSWERS:
        edit_lines(project / name, change, token)


def grow(template, change, token):
    names = sorted(path for path in template.rglob("*") if path.is_file())
    names = [path for path in names if "answers_file" not in path.name]
    if change.kind == "new file":
        append(template / "{{ package_path }}/api" / f"new_{change.file % 4}.py", token)
    else:
        edit_lines(names[change.file % len(names)], change, token, jinja=True)


def edit_lines(file, change, token, *, jinja=False):
    """Change some lines; with `jinja` none that has a brace, and a tag of many lines is one."""
    text = file.read_bytes().decode()
    if jinja:
        text = JINJA.sub(lambda tag: tag[0].replace("\n", "\0"), text)
    lines = text.split("\n")
    at = change.line % len(lines)
    end = at + change.lines
    if change.kind == "append":
        lines = [*lines[:-1], token] if not lines[-1] else [*lines, token, ""]
    elif change.kind == "insert":
        lines[at:at] = [token]
    elif not (jinja and re.search(r"[{}]", "".join(lines[at:end]))):
        lines[at:end] = [token] if change.kind == "replace" else []
    file.write_bytes("\n".join(lines).replace("\0", "\n").encode())


def append(file, token):
    text = file.read_text("utf-8") if file.exists() else ""
    file.write_text(f"{text}# {token}\n", "utf-8")


def users_tokens(contents):
    text = "\n".join(content.decode(errors="replace") for content in contents.values())
    return Counter(token for token in TOKEN.findall(text) if token.startswith("<user"))


def merged(folder, mine, base, theirs):
    """Merge with Git itself, which Copier does only where a patch does not apply."""
    if mine is None:
        return theirs
    paths = [folder / name for name in ("mine", "base", "theirs")]
    for path, content in zip(paths, (mine, base, theirs), strict=True):
        path.write_bytes(content)
    command = ["git", "merge-file", "--stdout", *paths]
    return subprocess.run(command, capture_output=True).stdout
