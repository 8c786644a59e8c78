"""Find leftovers of an update or of a change of package manager, and explain how to fix them.

`make doctor` runs it. It needs only Git and Python, so it works when `pyproject.toml` is broken.
With `--after-update` it first merges edits of moved files into the new ones.
Exit code 1: there is a problem to fix. Lines that begin with `hint:` do not count.
"""

import re
import sys
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from shlex import quote

sys.path.insert(0, str(Path(__file__).resolve().parent))  # which `python -I` leaves out
sys.dont_write_bytecode = True

import kept_edits
import moved_edits
import template_answers
from pinned_git import PROJECT, GitError, blob, last_commit, names

# ruff: noqa: E402, INP001, T201  (a script, not a package; it prints)

LOCKS = {"uv.lock": "uv", "poetry.lock": "poetry", "pdm.lock": "pdm"}
COPIERS_MARKERS = "^(<{7} before updating|>{7} after updating)"


def read(name: str) -> str:
    """Return the text of a file of the project, "" if there is no such file."""
    file = PROJECT / name
    return file.read_text("utf-8", errors="replace") if file.is_file() else ""


def committed(name: str, line: str) -> bool:
    """Return whether a file has this line in the last commit."""
    return line.encode() in blob(last_commit(), name).splitlines()


def conflicts() -> Iterator[str]:
    """Find conflicts; Copier reports success even if it left some."""
    marked = names("grep", "--untracked", "-I", "-l", "-z", "-E", COPIERS_MARKERS)
    changed = names("diff-index", "--name-only", "--relative", "-z", last_commit())
    for name in dict.fromkeys([*marked, *changed]):
        lines = read(name).split("\n")
        half = "=======" in lines and not committed(name, "=======")  # not a Markdown underline
        for number, line in enumerate(lines, 1):
            if (half and line == "=======") or re.match(COPIERS_MARKERS, line):
                yield f"{name}:{number}: conflict marker. Keep the right lines, delete the markers."
    for name in dict.fromkeys(
        line.partition("\t")[2] for line in names("ls-files", "--unmerged", "-z")
    ):
        if name not in marked:
            yield f"{name}: is still unmerged. If its content is right: git add {quote(name)}"
    for name in names("ls-files", "--cached", "--others", "-z", "--", "*.rej", ":!.venv"):
        if (PROJECT / name).is_file():
            yield f"{name}: a rejected patch. Merge it by hand into {name[:-4]}, then delete it."


def locks() -> Iterator[str]:
    """Find lock files of other package managers, from which people would install by accident."""
    chosen = template_answers.answers().get("package_manager")
    for name, manager in LOCKS.items():
        if chosen and manager != chosen and (PROJECT / name).exists():
            yield f"{name}: the project uses {chosen}, not {manager}. Delete it."


def environment_file() -> Iterator[str]:
    """Compare `.env` with `.env.example`, which lists all variables of the service."""
    known = variables(".env.example", commented=True)
    for name in variables(".env", commented=False) if known else ():
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.7)
            hint = f"; did you mean {near[0]}?" if near else ", so the service does not read it."
            yield f".env: there is no setting {name}{hint}"
    listed = variables(".env", commented=True)
    new = [name for name in known if name not in listed]
    if new and len(new) < len(known) / 2:  # else it is not a copy of the example
        yield f".env: does not list {', '.join(new)}. Copy what you need from .env.example."


def variables(name: str, *, commented: bool) -> list[str]:
    """Return the names of the variables in a file, with or without commented ones."""
    comment = r"(?:#\s*)?" if commented else ""
    pattern = rf"^\s*{comment}(?:export\s+)?([A-Za-z_]\w*)\s*="
    return [found.upper() for found in re.findall(pattern, read(name), re.MULTILINE)]


def main(arguments: list[str]) -> int:
    """Print all findings; return the exit code."""
    try:
        carried = [*moved_edits.carry()] if "--after-update" in arguments else []
        ignored, gone = [*kept_edits.ignored()], [*moved_edits.left()]
        problems = [*conflicts(), *kept_edits.unfinished(), *kept_edits.lost(), *locks()]
        problems += template_answers.problems()
        problems += [text for expected, text in [*gone, *ignored] if not expected]
        hints = [text for expected, text in [*gone, *ignored] if expected]
    except GitError as reason:
        print(f"The doctor and updates need Git: {reason}")
        return 1
    hints += [*template_answers.hints(), *environment_file()]
    lines = [*carried, *dict.fromkeys(problems), *(f"hint: {hint}" for hint in hints)]
    print("\n".join(lines or ["Nothing left behind."]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
