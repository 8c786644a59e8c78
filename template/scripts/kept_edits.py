"""Compare the work tree after an update with the last commit, to find lost edits.

Edits are the differences between the recorded release and the last commit. `update.py` stores that
release as a tree; without it, the commit that recorded the release is used.
"""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from shlex import quote

import template_answers
from pinned_git import BASE, PROJECT, UNFINISHED, blob, last_commit, names, run

# ruff: noqa: INP001  (a script, not a package)

RENDERED = (
    *(f":(glob){folder}/**/*.py" for folder in ("src", "tests", "scripts")),
    *("configs/config.yaml", ".github", "scripts/setup_env.sh", ":(glob)src/**/*.html"),
    *(".copier-answers.yml", ".dockerignore", ".env.example", ".gitattributes", ".gitignore"),
    *(".pre-commit-config.yaml", "Dockerfile", "Makefile", "DEVELOPMENT.md", "pyproject.toml"),
    *("uv.lock", "poetry.lock", "pdm.lock"),
)
BACK = (
    "git restore --source=HEAD --staged --worktree . && git clean --force -d . &&"
    f" git update-ref -d {UNFINISHED}"
)


def tree_of(folder: Path, index: Path) -> str:
    """Store the files of a folder as a tree in this repository, and return it."""
    variables = {
        "GIT_DIR": os.fsdecode(run("rev-parse", "--absolute-git-dir").removesuffix(b"\n")),
        "GIT_WORK_TREE": str(folder),
        "GIT_INDEX_FILE": str(index),
    }
    run("add", "--all", "--force", ".", folder=folder, variables=variables)
    return run("write-tree", folder=folder, variables=variables).decode().strip()


def unfinished() -> Iterator[str]:
    """Find an update that was interrupted."""
    started = names("for-each-ref", "--format=%(objectname)%00", UNFINISHED)
    if last_commit() in map(str.strip, started) and names("status", "--porcelain", "-z", "--", "."):
        yield f"An update ended with an error, halfway. Go back to the last commit: {BACK}"
        yield "That deletes your changes since then; `git stash --include-untracked` keeps a copy."


def lost() -> Iterator[str]:
    """Find edits of the last commit that the work tree lacks; `git add` confirms a file."""
    if not updating():
        return
    head, base = last_commit(), recorded_release()
    shown = ("-r", "--relative", "--name-only", "-z")
    edited = {*names("diff-tree", *shown, base, head)} if base else set()
    for name in names("diff-files", "--relative", "--name-only", "-z"):
        file, before = PROJECT / name, blob(head, name)
        if name.endswith(".lock") or not file.is_file():
            continue
        after = file.read_bytes()
        gone = _gone(blob(base, name), before, after) if name in edited else 0
        if gone or (b"\0" in before and before != after):
            what = f"{gone} of your edited lines differ" if gone else "binary content differs"
            yield (
                f"{name}: {what} from the last commit. Compare: git diff HEAD --"
                f" {quote(name)}; if the file is right: git add {quote(name)}"
            )


def gone() -> set[str]:
    """Return the files with edits that an update deleted."""
    if not updating() or not (base := recorded_release()):
        return set()
    shown = ("--relative", "--name-only", "-z")
    edited = {*names("diff-tree", "-r", "--diff-filter=MT", *shown, base, last_commit())}
    return edited & {*names("diff-files", "--diff-filter=D", *shown)}


def ignored() -> Iterator[tuple[bool, str]]:
    """Find files of the template that Git ignores, and whether the project itself ignores them."""
    hidden = ("ls-files", "--others", "--ignored", "--exclude-standard", "-z", "--")
    if not (found := names(*hidden, *RENDERED)):
        return
    paths = os.fsencode("\0".join(found))
    fields = names("check-ignore", "--verbose", "-z", "--stdin", given=paths)
    project = run("rev-parse", "--show-prefix").decode().strip()
    for source, line, pattern, name in zip(*(fields[index::4] for index in range(4)), strict=True):
        own = source.startswith(project) and source.endswith(".gitignore") and source[0] != "/"
        text = (
            f"{name}: Git ignores it by {pattern} ({source}:{line}), so it is in no commit, and an"
            f" update could lose edits in it. Track it: git add --force {quote(name)}"
        )
        yield own, text


def updating() -> bool:
    """Return whether there is an update that is not committed."""
    head = last_commit()
    recorded = template_answers.files()
    changed = any(blob(head, name) != (PROJECT / name).read_bytes() for name in recorded)
    return changed or any(unfinished())


def recorded_release() -> str:
    """Return the base of the edits, a tree or a commit; "" if there is none."""
    head, (name, *_) = last_commit(), [*template_answers.files(), ""]
    if names("for-each-ref", BASE) and same(blob(BASE, name), blob(head, name)):
        return BASE
    return run("rev-list", "-1", "HEAD", "--", f"./{name}").decode().strip()


def same(one: bytes, other: bytes, but: tuple[bytes, ...] = (b"#", b"_src_path")) -> bool:
    """Return whether two answers files record the same, but for some lines."""
    left, right = (
        {line.strip() for line in side.splitlines() if not line.startswith(but)}
        for side in (one, other)
    )
    return left == right


def _gone(base: bytes, before: bytes, after: bytes) -> int:
    """Count lost edits: added lines that are missing, and deleted lines that are back."""
    old, mine, new = (
        Counter(line.rstrip(b"\r") for line in side.split(b"\n")) for side in (base, before, after)
    )
    gone = (mine - old) - new
    back = {line for line in (old - mine) if line not in mine and line in new and line.strip()}
    return gone.total() + len(back)
