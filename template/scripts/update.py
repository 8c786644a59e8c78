"""Update the project from its template: the first step of `make update-template`.

    python scripts/update.py [options of `copier update`, such as --vcs-ref v0.5.0]

It stops before anything is touched if work could be lost, runs Copier with pinned configuration of
Git, and runs the doctor. It needs Python, Git and Copier (`COPIER` names another command).
"""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parent))  # which `python -I` leaves out
sys.dont_write_bytecode = True

import kept_edits
import template_answers
import update_checks
from pinned_git import BASE, PROJECT, UNFINISHED, GitError, last_commit, run
from renders import COPIER, NotUpdatedError, Renderer, environment, prefix

# ruff: noqa: E402, INP001, S603, T201  (a script, not a package; it runs Copier and prints)

CHOOSE = ("--data", "-d", "--vcs-ref", "-r", "--exclude", "-x")  # select what is rendered


def main(arguments: list[str]) -> int:
    """Return the doctor's exit code, or 1 if the update failed."""
    if {"-h", "--help"} & {*arguments}:
        print(__doc__)
        return 0
    try:
        with TemporaryDirectory(prefix="update.") as scratch:
            update(Path(scratch), arguments)
    except (NotUpdatedError, GitError) as reason:
        print(reason, file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # before Copier began
        print("Not updated: interrupted. Nothing was changed.", file=sys.stderr)
        return 1
    # By now it is the new release's, which knows which files that release moved.
    doctor = [sys.executable, str(PROJECT / "scripts/doctor.py"), "--after-update"]
    return subprocess.run(doctor, cwd=PROJECT, check=False).returncode


def update(scratch: Path, arguments: list[str]) -> None:
    """Check, render both releases into temporary folders, check again, and run Copier."""
    stop_on([*kept_edits.unfinished(), *template_answers.problems(), *update_checks.in_git()])
    nothing = scratch / "nothing"
    nothing.touch()
    renderer = Renderer(arguments, nothing)
    progress(f"Rendering {renderer.release} and the new release, for checks ...", arguments)
    old, new = scratch / "old" / prefix(), scratch / "new" / prefix()
    try:
        renderer.render(["--vcs-ref", renderer.release], old)
        renderer.render(chosen(arguments, renderer.release), new)
    except NotUpdatedError as error:
        stop_on([str(error)])
    stop_on([*update_checks.in_files(old, new)])
    run("update-ref", BASE, kept_edits.tree_of(scratch / "old", scratch / "index"))
    (scratch / "seen").write_text(seen([scratch / "old", scratch / "new"]), "utf-8")
    run("update-ref", UNFINISHED, last_commit())
    named = {"--answers-file", "-a"} & {*arguments}
    own = [] if named else ["--answers-file", renderer.answers_file]
    progress("Running copier update ...", arguments)
    command = [*COPIER, "update", "--defaults", *own, *arguments]
    env = environment(nothing, scratch / "seen")
    reason = "Copier ended with an error"
    try:
        failed = subprocess.run(command, cwd=PROJECT, env=env, check=False).returncode
    except KeyboardInterrupt:
        failed, reason = 1, "interrupted"
    if failed and (halfway := [*kept_edits.unfinished()]):
        raise NotUpdatedError("\n".join(halfway))
    run("update-ref", "-d", UNFINISHED)
    if failed:
        raise NotUpdatedError(f"Not updated: {reason}. Nothing was changed.")


def progress(text: str, arguments: list[str]) -> None:
    """Print the step that takes seconds, unless Copier is to be quiet."""
    if not {"--quiet", "-q"} & {*arguments}:
        print(text, file=sys.stderr)


def stop_on(findings: list[str]) -> None:
    """Raise NotUpdatedError if there are findings."""
    if findings:
        raise NotUpdatedError("\n".join(["Not updated; nothing was changed:", *findings]))


def chosen(arguments: list[str], current: str) -> list[str]:
    """Return the options of `copier update` that also apply to `copier copy`."""
    kept: list[str] = ["--prereleases"] if {"--prereleases", "-g"} & {*arguments} else []
    for option, value in zip(arguments, [*arguments[1:], ""], strict=False):
        name, _, attached = option.partition("=")
        if name in CHOOSE:
            given = attached or value
            kept += [name, current if given == ":current:" else given]
    return kept


def seen(renders: Iterable[Path]) -> str:
    """Return patterns with which Git ignores all files but those of the template."""
    paths: set[PurePosixPath] = set()
    for folder in renders:
        for file in folder.rglob("*"):
            paths.add(PurePosixPath(file.relative_to(folder).as_posix()))
    escaped = str.maketrans({sign: f"\\{sign}" for sign in "\\*?[ "})
    return "\n".join(["*", *(f"!/{str(path).translate(escaped)}" for path in sorted(paths)), ""])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
