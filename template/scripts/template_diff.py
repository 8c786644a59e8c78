"""Show how the project differs from the release that it was rendered from: `make template-diff`.

    python scripts/template_diff.py [options of `git diff`, such as --stat, or paths]

Files that are yours from the start (README, models) and files that you added are left out.
"""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parent))  # which `python -I` leaves out
sys.dont_write_bytecode = True

import kept_edits
import update_checks
from pinned_git import PROJECT, GitError, names
from renders import NotUpdatedError, Renderer, prefix

# ruff: noqa: E402, INP001, S603, T201  (a script, not a package; it runs Git and prints)


def main(arguments: list[str]) -> int:
    """Return 0, or 1 where the release cannot be rendered."""
    try:
        with TemporaryDirectory(prefix="diff.") as folder:
            scratch = Path(folder)
            (scratch / "nothing").touch()
            renderer = Renderer([], scratch / "nothing")
            renderer.render(["--vcs-ref", renderer.release], scratch / "old" / prefix())
            tree = kept_edits.tree_of(scratch / "old", scratch / "index")
        changed = names("diff", "--relative", "--name-only", "--diff-filter=MDT", "-z", tree)
    except (NotUpdatedError, GitError) as reason:
        print(reason, file=sys.stderr)
        return 1
    differing = [name for name in changed if not update_checks.own(name)]
    differing = [name for name in differing if name != renderer.answers_file]
    if not differing:
        print(f"All files of the template are as {renderer.release} rendered them.")
        return 0
    options = [one for one in arguments if one.startswith("-")]
    paths = {one for one in arguments if not one.startswith("-")}
    shown = [name for name in differing if not paths or name in paths]
    command = ["git", "diff", "--relative", *options, tree, "--", *shown]
    return subprocess.run(command, cwd=PROJECT, check=False).returncode if shown else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
