"""A rendered project of its owner: in Git, edited, updated, inspected."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml
from copier import run_copy, run_update

MARKERS = re.compile(rb"^(<<<<<<< before updating|>>>>>>> after updating)\s*$", re.MULTILINE)

COPIER = Path(sys.executable).with_name("copier")

# Files of the user, as Copier is told; test_extensions.py compares with copier.yml and the docs.
USERS_OWN = (
    "README.md",
    "CHANGELOG.md",
    "MODEL_CARD.md",
    "src/**/models/*_model.py",
    "tests/unit/models/test_*_model.py",
    "scripts/make_example_model.py",
)


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "core.quotePath=false", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"git {' '.join(arguments)}\n{done.stderr}"
    return done.stdout


def commit(folder: Path, message: str, tag: str | None = None) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", message)
    if tag:
        git(folder, "tag", tag)


def render(template: Path, release: str, folder: Path, **answers: object) -> Path:
    run_copy(
        str(template), folder, answers, vcs_ref=release, defaults=True, quiet=True, unsafe=False
    )
    return folder


def into_git(project: Path) -> Path:
    """Commit a render, as the message after `copier copy` says."""
    git(project, "init", "--quiet")
    commit(project, "Start")
    return project


def update(project: Path, *, to: str | None = None, **options: object) -> None:
    """Run the equivalent of `copier update --defaults`, without trust."""
    run_update(
        project, vcs_ref=to, defaults=True, overwrite=True, quiet=True, unsafe=False, **options
    )


def files(folder: Path) -> dict[str, bytes]:
    """Return all files but Git's own, by name."""
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and ".git" not in file.relative_to(folder).parts
    }


def answers_of(project: Path) -> dict[str, object]:
    """Return the recorded answers, without the release."""
    answers = yaml.safe_load((project / ".copier-answers.yml").read_text("utf-8"))
    return {name: value for name, value in answers.items() if name != "_commit"}


def conflicts(project: Path) -> list[str]:
    """Return the files that Copier left unmerged: it reports success even then."""
    found = set(git(project, "diff", "--name-only", "--diff-filter=U").splitlines())
    found |= {name for name, content in files(project).items() if MARKERS.search(content)}
    return sorted(found | {name for name in files(project) if name.endswith(".rej")})


def users_own(names: Iterable[str]) -> set[str]:
    """Return those names that belong to the user."""
    patterns = [re.escape(p).replace(r"\*\*/", "(.+/)?").replace(r"\*", "[^/]*") for p in USERS_OWN]
    return {name for name in names if re.fullmatch("|".join(patterns), name)}


def assert_users_own_untouched(project: Path, before: dict[str, bytes]) -> None:
    """Compare the user's own files with what they were; none may have come back either."""
    after = files(project)
    for name in users_own(before):
        assert after.get(name) == before[name], f"{name} is the user's"
    assert not users_own(after.keys() - before.keys()), "what was deleted came back"


def difference(project: Path, expected: Path) -> list[str]:
    """Return the files, except the user's own, that differ, are missing or are too many."""
    here, there = files(project), files(expected)
    names = {name for name in here | there if here.get(name) != there.get(name)}
    return sorted(names - users_own(names))


def with_copier(env: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Put Copier on the path as `pipx install copier` leaves it there: without its Python."""
    folder.mkdir()
    (folder / "copier").symlink_to(Path(sys.executable).with_name("copier"))
    return {**env, "PATH": f"{folder}:{env['PATH']}"}


def copier(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Copier's own command."""
    command = [Path(sys.executable).with_name("copier"), *arguments]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)


def write_quick_copier(renders: Path, current: str, latest: str) -> Path:
    """Return a Copier whose updates are real, and whose renders are copies of those given."""
    command = renders / "copier"
    command.write_text(
        f'#!/bin/sh\nif [ $1 = update ]; then exec {COPIER} "$@"; fi\n'
        f"release={latest}\n[ $4 = --vcs-ref ] && release={current}\n"
        f"for last; do :; done\nmkdir -p $last && cp -R {renders}/$release/. $last\n"
    )
    command.chmod(0o755)
    return command


def doctor(project: Path, *arguments: str) -> tuple[int, list[str]]:
    """Return the doctor's exit code and findings."""
    command = [sys.executable, "-I", project / "scripts/doctor.py", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.stderr
    return done.returncode, done.stdout.splitlines()


def scripted(project: Path, *arguments: str, copier: Path = COPIER) -> tuple[int, list[str]]:
    """Run what `make update-template` does before it locks; return its exit code and its lines.

    The output of Copier itself and of its Git is left out.
    """
    command = [sys.executable, project / "scripts/update.py", "--quiet", *arguments]
    env = {**os.environ, "COPIER": str(copier)}
    done = subprocess.run(
        command, cwd=project, env=env, capture_output=True, preexec_fn=_take_ctrl_c, check=False
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode(errors="replace")
    said = done.stdout.decode() + ("" if done.returncode == 0 else done.stderr.decode())
    return done.returncode, said.splitlines()


def _take_ctrl_c() -> None:
    """Undo what a shell does for jobs in the background: they ignore SIGINT, and so would ours."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def sh(commands: str, project: Path, env: Mapping[str, str] | None = None) -> str:
    """Run commands in a shell that stops at the first failure."""
    shell = ["bash", "-euo", "pipefail", "-c", commands]
    done = subprocess.run(shell, cwd=project, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"$ {commands}\n{done.stdout[-5000:]}{done.stderr[-5000:]}"
    return done.stdout
