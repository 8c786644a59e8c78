"""Render releases of the template into temporary folders, with the Copier of the machine."""

import os
import shlex
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import template_answers
from pinned_git import PROJECT, pinned, run

# ruff: noqa: INP001, S603  (a script, not a package; it runs Copier)

COPIER = shlex.split(os.environ.get("COPIER") or "copier", posix=os.name != "nt")
NOT_RENDERED = (
    "The template could not be rendered; is _commit a release of it, and can you read it?"
)


class NotUpdatedError(Exception):
    """The project was not changed; the message is for the user."""


class Renderer:
    """Renders with the recorded answers."""

    def __init__(self, arguments: list[str], empty: Path) -> None:
        """Read the recorded answers.

        Args:
            arguments: May name the answers file, as those of Copier.
            empty: An empty file, which stands for the person's own attributes and excludes.
        """
        if not shutil.which(COPIER[0]):
            raise NotUpdatedError("Install Copier first: pipx install 'copier>=9.19,<10'")
        self.answers_file = _answers_file(arguments)
        recorded = template_answers.parse(template_answers.read(self.answers_file))
        self.source, self.release = recorded["_src_path"], recorded["_commit"]
        self.empty = empty

    def render(self, options: list[str], folder: Path) -> None:
        """Render into a new folder of the repository. Raise NotUpdatedError if Copier fails."""
        folder.mkdir(parents=True)
        known = ["--data-file", str(PROJECT / self.answers_file)]
        command = [*COPIER, "copy", "--quiet", "--defaults", *options, *known]
        command += ["--answers-file", self.answers_file, self.source, str(folder)]
        done = subprocess.run(
            command,
            cwd=PROJECT,
            env=environment(self.empty, self.empty),
            stderr=subprocess.PIPE,
            check=False,
        )
        if done.returncode:
            words = done.stderr.decode(errors="replace").strip().splitlines()
            errors = [line for line in words if "fatal:" in line or "rror:" in line] or words
            raise NotUpdatedError("\n".join([NOT_RENDERED, *errors[-3:]]))


def environment(attributes: Path, excludes: Path) -> dict[str, str]:
    """Return the environment for Copier; its repositories get the object format of this one."""
    kind = run("rev-parse", "--show-object-format").decode().strip()
    pins = {
        "core.attributesFile": str(attributes),
        "core.excludesFile": str(excludes),
        "init.defaultObjectFormat": kind,
    }
    return {**pinned(pins), "GIT_ATTR_NOSYSTEM": "1", "GIT_DEFAULT_HASH": kind}


def prefix() -> str:
    """Return the project's folder within its repository, "" where it is the repository."""
    return os.fsdecode(run("rev-parse", "--show-prefix").strip())


def _answers_file(arguments: list[str]) -> str:
    for option, value in pairwise(arguments):
        if option in {"--answers-file", "-a"}:
            return value
    found = template_answers.files()
    return found[0] if len(found) == 1 else ".copier-answers.yml"
