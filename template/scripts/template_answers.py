"""Read Copier's answers files, and find problems in them."""

import re
from collections.abc import Iterator
from pathlib import Path

from pinned_git import PROJECT, GitError, run

# ruff: noqa: INP001  (a script, not a package)

MARKER = re.compile(r"(<{7}|={7}|>{7}|\|{7})( |$)")
TOKEN = re.compile(r"://[^/@\s]*:[^/@\s]+@|https?://\w{20,}@")  # long SSH users are key ids


def files() -> list[str]:
    """Return the names of the answers files."""
    return [file.name for file in sorted(PROJECT.glob(".copier-answers*.yml"))]


def parse(text: str) -> dict[str, str]:
    """Return the single-line answers; Python's library has no YAML parser."""
    return dict(re.findall(r"^(\w+): *['\"]?(.*?)['\"]?$", text, re.MULTILINE))


def read(name: str) -> str:
    """Return an answers file, with bytes replaced that are not UTF-8."""
    return (PROJECT / name).read_text("utf-8", errors="replace")


def answers() -> dict[str, str]:
    """Return the answers of all answers files."""
    return parse("".join(map(read, files())))


def problems() -> Iterator[str]:
    """Find problems that would break the next update."""
    if not answers():
        yield ".copier-answers.yml: is missing, so updates are impossible. Restore it from Git."
    for name in files():
        if not (text := read(name)).strip():
            continue
        unreadable = [*_unreadable(name, text)]
        yield from unreadable or _origin(name, parse(text))


def hints() -> Iterator[str]:
    """Find possible problems."""
    for name in files():
        commit = parse(read(name)).get("_commit", "")
        if between := re.fullmatch(r"(.+)-\d+-g[0-9a-f]+", commit):
            yield (
                f"{name}: _commit is {commit}, which is not a release. If the template lacks that"
                f" commit, because it was rendered from uncommitted changes, write {between[1]}."
            )


def _unreadable(name: str, text: str) -> Iterator[str]:
    """Find lines that are not Copier's YAML."""
    for number, line in enumerate(text.splitlines(), 1):
        if MARKER.match(line):
            yield f"{name}:{number}: conflict marker. Keep the right lines, delete the markers."
        elif not re.match(r"(\s|#|- |-$|---|\w+:( |$)|$)", line):
            yield f"{name}:{number}: is not a line of YAML. Restore the file from Git."


def _origin(name: str, recorded: dict[str, str]) -> Iterator[str]:
    """Check the address of the template and the recorded release."""
    source, commit = recorded.get("_src_path", ""), recorded.get("_commit")
    if not commit:
        yield f"{name}: _commit is missing, so updates are impossible. Write the release."
    elif not re.match(r"[/~]|.*:", source):
        yield f"{name}: _src_path is not a URL or full path. Write the template's."
    elif TOKEN.search(source):
        yield (
            f"{name}: _src_path contains a password, visible to everybody with access to the"
            " repository. Remove it, store it in Git's credential helper, and replace the password."
        )
    elif not _has(Path(source).expanduser(), commit):
        yield (
            f"{name}: the template has no {commit}, so updates are impossible. Write the nearest"
            " release as _commit, and commit that."
        )


def _has(template: Path, commit: str) -> bool:
    """Return whether a local template has a commit; assume it for a remote one."""
    if not template.is_dir():
        return True
    try:
        run("rev-parse", "--git-dir", folder=template)
    except GitError:
        return True
    try:
        run("rev-parse", "--verify", "--end-of-options", f"{commit}^{{commit}}", folder=template)
    except GitError:
        return False
    return True
