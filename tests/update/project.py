"""A rendered project as its owner has it: in Git, edited, updated, looked at."""

import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml
from copier import run_copy, run_update

MARKERS = re.compile(rb"^(<<<<<<< before updating|>>>>>>> after updating)\s*$", re.MULTILINE)

# Files of the user, as Copier is told; test_extensions.py compares with copier.yml and the docs.
USERS_OWN = (
    "README.md",
    "CHANGELOG.md",
    "MODEL_CARD.md",
    "src/**/models/*_model.py",
    "tests/unit/models/test_*_model.py",
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
    """Do what `copier update --defaults` does, without trust."""
    run_update(
        project, vcs_ref=to, defaults=True, overwrite=True, quiet=True, unsafe=False, **options
    )


def files(folder: Path) -> dict[str, bytes]:
    """Give all files but Git's own, by name."""
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and ".git" not in file.relative_to(folder).parts
    }


def answers_of(project: Path) -> dict[str, object]:
    """Give the recorded answers, without the release."""
    answers = yaml.safe_load((project / ".copier-answers.yml").read_text("utf-8"))
    return {name: value for name, value in answers.items() if name != "_commit"}


def conflicts(project: Path) -> list[str]:
    """Name what Copier left unmerged: it reports success even then."""
    found = set(git(project, "diff", "--name-only", "--diff-filter=U").splitlines())
    found |= {name for name, content in files(project).items() if MARKERS.search(content)}
    return sorted(found | {name for name in files(project) if name.endswith(".rej")})


def users_own(names: Iterable[str]) -> set[str]:
    """Give those names that belong to the user."""
    patterns = [re.escape(p).replace(r"\*\*/", "(.+/)?").replace(r"\*", "[^/]*") for p in USERS_OWN]
    return {name for name in names if re.fullmatch("|".join(patterns), name)}


def assert_users_own_untouched(project: Path, before: dict[str, bytes]) -> None:
    """Compare the user's own files with what they were; none may have come back either."""
    after = files(project)
    for name in users_own(before):
        assert after.get(name) == before[name], f"{name} is the user's"
    assert not users_own(after.keys() - before.keys()), "what was deleted came back"


def difference(project: Path, expected: Path) -> list[str]:
    """Name the files, but for the user's own, that differ, are missing or are too many."""
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


def doctor(project: Path) -> tuple[int, list[str]]:
    """Give the doctor's exit code and findings."""
    command = [sys.executable, "-I", project / "scripts/doctor.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.stderr
    return done.returncode, done.stdout.splitlines()


def sh(commands: str, project: Path, env: Mapping[str, str] | None = None) -> str:
    """Run commands as a person would who stops at the first that fails."""
    shell = ["bash", "-euo", "pipefail", "-c", commands]
    done = subprocess.run(shell, cwd=project, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"$ {commands}\n{done.stdout[-5000:]}{done.stderr[-5000:]}"
    return done.stdout
