"""Keep edits of files that a release moved or dropped.

The doctor does it after an update. A file that is done is staged as deleted, so that its edits are
merged only once; the last commit has it unchanged.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from tempfile import TemporaryDirectory

import kept_edits
import template_answers
from pinned_git import PROJECT, blob, last_commit, names, pinned, run

# ruff: noqa: INP001, S603  (a script, not a package; it runs Git)

ALIKE = "-M30%"  # as much of a file must be the same for Git to take it for moved
SIDES = ("before updating", "last update", "after updating")  # as Copier marks conflicts


def carry() -> Iterator[str]:
    """Merge edits of moved files into the new ones, and write those of dropped files as patches."""
    if not kept_edits.updating() or not (base := kept_edits.recorded_release()):
        return
    head, edited = last_commit(), kept_edits.gone()
    shown = ("--relative", "--name-only", "-z")
    deleted = {*names("diff-tree", "-r", "--diff-filter=D", *shown, base, head)}
    moved = _moves(base, edited | deleted)
    for name in sorted(deleted & moved.keys()):
        (PROJECT / moved[name]).unlink()
        yield f"{moved[name]}: was {name}, which you deleted, so it is deleted"
    for name in sorted(edited):
        if target := moved.get(name):
            clean = _merge(blob(base, name), blob(head, name), PROJECT / target)
            yield f"{target}: was {name}; your edits are in it{'' if clean else ', with conflicts'}"
        elif _answers_are_the_same():
            patch = PROJECT / f"{name}.rej"
            patch.parent.mkdir(parents=True, exist_ok=True)
            patch.write_bytes(run("diff", base, head, "--", f"./{name}"))
            yield f"{name}: is no longer in the template; your edits are in {name}.rej"
        else:
            continue  # of a feature that was turned off
        run("rm", "--cached", "--quiet", "--", f"./{name}")


def left() -> Iterator[tuple[bool, str]]:
    """Find deleted files that had edits, and whether a feature was turned off."""
    turned_off = not _answers_are_the_same()
    for name in sorted(kept_edits.gone()):
        where = (
            f"Undo: git checkout HEAD -- {quote(name)}"
            if turned_off
            else "To keep them: make finish-update"
        )
        yield turned_off, f"{name}: is deleted, with your edits. {where}"


def _moves(base: str, old: set[str]) -> dict[str, str]:
    """Return the new paths of files, as Git detects them among the new files."""
    new = names("ls-files", "--others", "--exclude-standard", "-z")
    if not old or not new:
        return {}
    with TemporaryDirectory(prefix="moves.") as folder:
        before = {"GIT_INDEX_FILE": str(Path(folder) / "before")}
        listed = run(
            "ls-tree", "-r", "-z", "--full-name", base, "--", *(f"./{name}" for name in old)
        )
        run("update-index", "-z", "--index-info", given=listed, variables=before)
        after = {"GIT_INDEX_FILE": str(Path(folder) / "after")}
        run(
            "update-index", "--add", "-z", "--stdin", given="\0".join(new).encode(), variables=after
        )
        trees = [run("write-tree", variables=index).decode().strip() for index in (before, after)]
    detect = ("-r", "--relative", "--name-status", "--diff-filter=R", "-l0", ALIKE, "-z")
    found = names("diff-tree", *detect, *trees)
    return dict(zip(found[1::3], found[2::3], strict=True))


def _merge(base: bytes, mine: bytes, target: Path) -> bool:
    """Merge edits into a file; return whether they merged without a conflict."""
    with TemporaryDirectory(prefix="merge.") as folder:
        sides = [Path(folder) / name for name in ("mine", "base")]
        for side, content in zip(sides, (mine, base), strict=True):
            side.write_bytes(content)
        labels = [option for label in SIDES for option in ("-L", label)]
        command = ["git", "merge-file", "--stdout", *labels, *map(str, sides), str(target)]
        done = subprocess.run(command, cwd=PROJECT, env=pinned(), capture_output=True, check=False)
    target.write_bytes(done.stdout)
    return done.returncode == 0


def _answers_are_the_same() -> bool:
    """Return whether the update changed no answer, so that no feature was turned off."""
    head = last_commit()
    return all(
        kept_edits.same(blob(head, name), (PROJECT / name).read_bytes(), but=(b"#", b"_"))
        for name in template_answers.files()
    )
