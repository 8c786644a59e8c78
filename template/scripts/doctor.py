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

PROJECT = Path(__file__).resolve().parent.parent
LOCKS = {"uv.lock": "uv", "poetry.lock": "poetry", "pdm.lock": "pdm"}


def git(*arguments: str) -> list[str]:
    """Give the lines that a Git command prints; none if it finds or can do nothing."""
    command = ["git", "-c", "core.quotePath=false", *arguments]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    return done.stdout.splitlines()


def answer(name: str) -> str:
    """Give an answer that Copier recorded, "" if there is none."""
    text = read(".copier-answers.yml")
    found = re.search(rf"^{name}: *(.*)$", text, re.MULTILINE)
    return found[1].strip("'\"") if found else ""


def read(name: str) -> str:
    """Give the text of a file of the project, "" if there is no such file."""
    file = PROJECT / name
    return file.read_text("utf-8", errors="replace") if file.is_file() else ""


def conflicts() -> Iterator[str]:
    """Copier reports success even where it left conflicts."""
    markers = git("grep", "--untracked", "-I", "-n", "-E", "^(<{7}|>{7}) ")
    for line in markers:
        name, number, _ = line.split(":", 2)
        yield f"{name}:{number}: conflict marker. Keep what is right, delete the marker lines."
    marked = {line.split(":", 1)[0] for line in markers}
    for name in git("diff", "--name-only", "--relative", "--diff-filter=U"):
        if name not in marked:
            yield f"{name}: still counts as unmerged. If it is right now: git add {name}"
    for name in git("ls-files", "--cached", "--others", "--", "*.rej"):
        yield f"{name}: a rejected patch. Merge it by hand into {name[:-4]}, then delete it."


def locks() -> Iterator[str]:
    """Two lock files disagree sooner or later, and people install from the wrong one."""
    chosen = answer("package_manager")
    for name, manager in LOCKS.items():
        if (PROJECT / name).exists() and manager != chosen:
            yield f"{name}: the project uses {chosen}, not {manager}. Delete it: git rm {name}"


def template() -> Iterator[str]:
    """What the next update will need."""
    if not git("rev-parse", "--git-dir"):
        yield "no Git repository: an update needs one. Run: git init, and commit everything."
    if not answer("_commit"):
        yield ".copier-answers.yml: has no _commit, so no update can start from it. See the docs."
    if not re.match(r"[/~]|.*:|$", answer("_src_path")):
        yield ".copier-answers.yml: _src_path is relative. Write the template's URL or full path."


def environment_file() -> Iterator[str]:
    """Compare `.env` with `.env.example`, which lists every variable that the service reads."""
    known = variables(".env.example", commented=True)
    own = variables(".env", commented=False)
    for name in own:
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.7)
            yield f".env: nothing reads {name}" + (f"; did you mean {near[0]}?" if near else ".")
    new = [name for name in known if name not in variables(".env", commented=True)]
    if new and (PROJECT / ".env").exists():
        names = ", ".join(new[:5]) + (f" and {len(new) - 5} more" if len(new) > 5 else "")
        yield f".env: does not list {names}. Copy from .env.example what you need."


def variables(name: str, *, commented: bool) -> list[str]:
    """Give the names that a file of variables sets, with those in comments or without."""
    comment = r"(?:#\s*)?" if commented else ""
    pattern = rf"^\s*{comment}(?:export\s+)?([A-Za-z_]\w*)\s*="
    return [found.upper() for found in re.findall(pattern, read(name), re.MULTILINE)]


def main() -> int:
    """Print every finding; give the exit code."""
    problems = [*conflicts(), *locks(), *template()]
    hints = [f"hint: {hint}" for hint in environment_file()]
    print("\n".join([*problems, *hints] or ["Nothing left behind."]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
