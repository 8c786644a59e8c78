"""Find work that an update could lose without a copy in Git. Each finding has its fix."""

import os
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from itertools import islice
from pathlib import Path, PurePosixPath
from shlex import quote

from pinned_git import PROJECT, names, run

# ruff: noqa: INP001  (a script, not a package)

USERS_OWN = (  # updates neither read nor write these
    *("README.md", "CHANGELOG.md", "MODEL_CARD.md"),
    *("src/*models/*_model.py", "tests/unit/models/test_*_model.py"),
    "scripts/make_example_model.py",
)
UNMERGED = {"DD", "AU", "UD", "UA", "DU", "AA", "UU"}  # states of `git status`
SHOWN = 10  # files of one kind


def in_git() -> Iterator[str]:
    """Find files that are not committed, hidden from Git, or left by an earlier update."""
    if run("config", "--get", "apply.whitespace").strip() != b"nowarn":
        yield "Git is older than 2.31, so an update cannot set its configuration. Upgrade it."
    for kind in (_not_committed(), _not_looked_at(), _around()):
        yield from islice(kind, SHOWN)


def in_files(old: Path, new: Path) -> Iterator[str]:
    """Find files that block files of the recorded or the new release."""
    rendered = {*_files(old), *_files(new)}
    names_of_template = [name for name in sorted(rendered) if not own(name)]
    for kind in (_in_the_way(names_of_template), _no_text(names_of_template, old)):
        yield from islice(kind, SHOWN)


def own(name: str) -> bool:
    """Return whether a rendered file belongs to the user."""
    return any(fnmatch(name, pattern) for pattern in USERS_OWN)


def _not_committed() -> Iterator[str]:
    for entry in names("status", "--porcelain", "-z", "--", "."):
        if entry[:2] in UNMERGED:
            yield f"{entry[3:]}: has a conflict. Resolve it, git add it, then make finish-update"
        else:
            yield f"{entry[3:]}: is not committed. Commit it, or: git stash --include-untracked"


def _not_looked_at() -> Iterator[str]:
    """Find files whose edits Git is set to ignore, and files missing from the work tree."""
    top = _top()
    missing = 0
    for entry in names("ls-files", "-v", "-z", folder=top):
        tag, file = entry[0], top / entry[2:]
        if tag == "S" and not os.path.lexists(file):
            missing += 1
        elif (tag == "S" or tag.islower()) and file.is_relative_to(PROJECT):
            name = file.relative_to(PROJECT).as_posix()
            yield (
                f"{name}: Git is set to ignore changes in it, so an edit would be lost:"
                f" git update-index --no-skip-worktree --no-assume-unchanged {quote(name)}"
            )
    if missing:
        yield f"{missing} files are not in the work tree: git sparse-checkout disable"


def _around() -> Iterator[str]:
    """Find files in the rest of the repository that Copier would treat as its own."""
    top = _top()
    for entry in names("status", "--porcelain", "--ignored", "-z", folder=top):
        state, file = entry[:2], top / entry[3:]
        if state in {"??", "!!"} and file.suffix == ".rej":
            yield f"{file}: a rejected patch. Merge it by hand, then delete it."
        elif state[1] == "D" and not file.is_relative_to(PROJECT):
            yield f"{file}: is deleted, but the deletion is not committed, so it would come back."


def _in_the_way(template: Iterable[str]) -> Iterator[str]:
    """Find untracked files, folders and links in the place of files of the template."""
    tracked = {*names("ls-files", "-z")}
    blocked = set()
    for name in template:
        for parent in [*PurePosixPath(name).parents][-2::-1]:
            folder = PROJECT / parent
            if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
                blocked.add(f"{parent}: is not a folder; the template has files in it. Rename it.")
        file = PROJECT / name
        if file.is_dir() and not file.is_symlink():
            blocked.add(f"{name}: is a folder, and the template has a file there. Rename it.")
        elif os.path.lexists(file) and name not in tracked:
            blocked.add(
                f"{name}: Git does not track it, so it would be overwritten without a copy."
                f" git add --force {quote(name)} and commit, or move it away."
            )
    yield from sorted(blocked)


def _no_text(template: Iterable[str], old: Path) -> Iterator[str]:
    """Find edited files that Git cannot merge line by line, or that Copier cannot read."""
    for name in template:
        file, before = PROJECT / name, old / name
        if not file.is_file() or (before.is_file() and before.read_bytes() == file.read_bytes()):
            continue
        content = file.read_bytes()
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            yield f"{name}:{line}: is not UTF-8, so the edit would be lost. Save it as UTF-8."
            continue
        if "\0" in text:
            line = text[: text.index("\0")].count("\n") + 1
            yield f"{name}:{line}: has a NUL character; the edit would be lost. Save it as UTF-8."


def _top() -> Path:
    return Path(os.fsdecode(run("rev-parse", "--show-toplevel").removesuffix(b"\n")))


def _files(folder: Path) -> Iterator[str]:
    return (file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
