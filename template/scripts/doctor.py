"""Find what an update or a switch of package manager left behind, and say what to do about it.

`make doctor` runs it. It needs Git and Python alone, so it works when `pyproject.toml` is broken.
Exit code 1: something must be done. Lines that begin with `hint:` do not count.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from shlex import quote

# ruff: noqa: INP001, S603, T201  (a script, not a package; it runs Git and prints)

PROJECT = Path(__file__).resolve().parent.parent
LOCKS = {"uv.lock": "uv", "poetry.lock": "poetry", "pdm.lock": "pdm"}
COPIERS_MARKERS = "^(<{7} before updating|>{7} after updating)"


def git(*arguments: str) -> list[str]:
    """Give the names of files that a Git command prints."""
    command = ["git", "-c", "color.ui=never", *arguments]
    done = subprocess.run(
        command, cwd=PROJECT, capture_output=True, check=False, encoding="utf-8", errors="replace"
    )
    return [name for name in done.stdout.split("\0") if name]


def read(name: str) -> str:
    """Give the text of a file of the project, "" if there is no such file."""
    file = PROJECT / name
    return file.read_text("utf-8", errors="replace") if file.is_file() else ""


def answers() -> dict[str, str]:
    """Give what Copier recorded about the project, in `.copier-answers.yml` or one like it."""
    recorded = "".join(read(file.name) for file in sorted(PROJECT.glob(".copier-answers*.yml")))
    return dict(re.findall(r"^(\w+): *['\"]?(.*?)['\"]?$", recorded, re.MULTILINE))


def committed(name: str, line: str) -> bool:
    """Tell whether a file had this line in the last commit."""
    return any(line in text.split("\n") for text in git("show", f"HEAD:./{name}"))


def conflicts() -> Iterator[str]:
    """Copier reports success even where it left conflicts."""
    marked = git("grep", "--untracked", "-I", "-l", "-z", "-E", COPIERS_MARKERS)
    changed = git("diff", "HEAD", "--name-only", "--relative", "-z")
    for name in dict.fromkeys([*marked, *changed]):
        lines = read(name).split("\n")
        half = "=======" in lines and not committed(name, "=======")  # no heading underlined before
        for number, line in enumerate(lines, 1):
            if (half and line == "=======") or re.match(COPIERS_MARKERS, line):
                yield f"{name}:{number}: conflict marker. Keep what is right, delete such lines."
    for name in git("diff", "--name-only", "--relative", "--diff-filter=U", "-z"):
        if name not in marked:
            yield f"{name}: still counts as unmerged. If it is right now: git add {quote(name)}"
    for name in git("ls-files", "--cached", "--others", "-z", "--", "*.rej", ":!.venv"):
        if (PROJECT / name).is_file():
            yield f"{name}: a rejected patch. Merge it by hand into {name[:-4]}, then delete it."


def locks() -> Iterator[str]:
    """Two lock files disagree sooner or later, and people install from the wrong one."""
    chosen = answers().get("package_manager")
    for name, manager in LOCKS.items():
        if chosen and manager != chosen and (PROJECT / name).exists():
            yield f"{name}: the project uses {chosen}, not {manager}. Delete it."


def template() -> Iterator[str]:
    """What the next update will need."""
    recorded = answers()
    if not recorded:
        yield ".copier-answers.yml: is missing, so no update is possible. Restore it from Git."
    elif not recorded.get("_commit"):
        yield ".copier-answers.yml: no _commit, so no update can start from it. Write the release."
    elif not re.match(r"[/~]|.*:", recorded.get("_src_path", "")):
        yield ".copier-answers.yml: _src_path is no URL or full path. Write the template's."


def environment_file() -> Iterator[str]:
    """Compare `.env` with `.env.example`, which lists every variable that the service reads."""
    known = variables(".env.example", commented=True)
    for name in variables(".env", commented=False) if known else ():
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.7)
            hint = f"; did you mean {near[0]}?" if near else ", so the service does not read it."
            yield f".env: no setting is called {name}{hint}"
    listed = variables(".env", commented=True)
    new = [name for name in known if name not in listed]
    if new and len(new) < len(known) / 2:  # else it is no copy of the example
        yield f".env: does not list {', '.join(new)}. Copy from .env.example what you need."


def variables(name: str, *, commented: bool) -> list[str]:
    """Give the names that a file of variables sets, with those in comments or without."""
    comment = r"(?:#\s*)?" if commented else ""
    pattern = rf"^\s*{comment}(?:export\s+)?([A-Za-z_]\w*)\s*="
    return [found.upper() for found in re.findall(pattern, read(name), re.MULTILINE)]


def why_git_cannot_tell() -> str:
    """Give Git's own words if it cannot look at the project, "" if it can."""
    command = ["git", "rev-parse"]
    try:
        asked = subprocess.run(command, cwd=PROJECT, capture_output=True, check=False, text=True)
    except FileNotFoundError:
        return "git is not installed"
    return asked.stderr.strip().partition("\n")[0]


def main() -> int:
    """Print every finding; give the exit code."""
    if reason := why_git_cannot_tell():
        print(f"Nothing can be said without Git, and an update needs it: {reason}")
        return 1
    problems = [*conflicts(), *locks(), *template()]
    hints = [f"hint: {hint}" for hint in environment_file()]
    print("\n".join([*problems, *hints] or ["Nothing left behind."]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
