"""Run Git independently of the user's configuration.

Keys are overridden through the environment, so they also apply to Git commands that Copier runs.
Configuration that is needed to reach the template (credentials, URLs, proxies, SSH) is kept.
"""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

# ruff: noqa: INP001, S603  (a script, not a package; it runs Git)

PROJECT = Path(__file__).resolve().parent.parent
UNFINISHED = "refs/worktree/template-update"  # HEAD, from the start of an update to its end
BASE = "refs/worktree/template-base"  # tree: what the recorded release renders

PINS = {
    "apply.ignoreWhitespace": "no",
    "apply.whitespace": "nowarn",
    "clone.defaultRemoteName": "origin",
    "color.diff": "false",
    "color.status": "false",
    "color.ui": "false",
    "commit.gpgSign": "false",
    "core.bigFileThreshold": "512m",
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.ignoreStat": "false",
    "core.quotePath": "true",
    "core.safecrlf": "false",
    "core.whitespace": "blank-at-eol,space-before-tab",
    "diff.algorithm": "default",
    "diff.context": "3",
    "diff.ignoreSubmodules": "none",
    "diff.interHunkContext": "0",
    "diff.mnemonicPrefix": "false",
    "diff.noprefix": "false",
    "diff.orderFile": os.devnull,
    "diff.relative": "false",
    "diff.renames": "false",
    "diff.suppressBlankEmpty": "false",
    "gc.auto": "0",
    "grep.column": "false",
    "grep.fallbackToNoIndex": "false",
    "grep.fullName": "false",
    "grep.lineNumber": "false",
    "grep.patternType": "default",
    "init.defaultBranch": "main",
    "init.templateDir": "",
    "maintenance.auto": "false",
    "merge.conflictStyle": "merge",
    "rerere.autoUpdate": "false",
    "rerere.enabled": "false",
    "status.branch": "false",
    "status.relativePaths": "true",
    "status.renames": "false",
    "status.short": "false",
    "status.showStash": "false",
    "status.showUntrackedFiles": "normal",
    "status.submoduleSummary": "false",
    "submodule.recurse": "false",
    "tag.gpgSign": "false",
}
# Git's local variables (`git rev-parse --local-env-vars`), and others that override configuration.
_VARIABLES = """
    ALTERNATE_OBJECT_DIRECTORIES ATTR_SOURCE AUTHOR_DATE COMMITTER_DATE COMMON_DIR CONFIG
    DEFAULT_HASH DEFAULT_REF_FORMAT DIFF_OPTS DIR EXTERNAL_DIFF GLOB_PATHSPECS GRAFT_FILE
    ICASE_PATHSPECS IMPLICIT_WORK_TREE INDEX_FILE INTERNAL_SUPER_PREFIX LITERAL_PATHSPECS NAMESPACE
    NOGLOB_PATHSPECS NO_REPLACE_OBJECTS OBJECT_DIRECTORY PREFIX REPLACE_REF_BASE SHALLOW_FILE
    TEMPLATE_DIR WORK_TREE
"""
DROPPED = {f"GIT_{name}" for name in _VARIABLES.split()}


class GitError(Exception):
    """A Git command failed; the message is that of Git."""


def pinned(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment with pinned configuration of Git; `more` adds to it."""
    kept = {name: value for name, value in os.environ.items() if name not in DROPPED}
    pins = {**PINS, **(more or {})}
    first = int(kept.get("GIT_CONFIG_COUNT") or 0)
    for number, (key, value) in enumerate(pins.items(), first):
        kept[f"GIT_CONFIG_KEY_{number}"], kept[f"GIT_CONFIG_VALUE_{number}"] = key, value
    kept["GIT_CONFIG_COUNT"] = str(first + len(pins))
    if before := kept.get("GIT_CONFIG_PARAMETERS"):  # of `git -c`, which has precedence
        ours = [f"'{key}={value}'" for key, value in pins.items() if "'" not in value]
        kept["GIT_CONFIG_PARAMETERS"] = " ".join([before, *ours])
    return {**kept, "PYTHONUTF8": "1"}


def run(
    *arguments: str,
    folder: Path = PROJECT,
    given: bytes = b"",
    variables: Mapping[str, str] | None = None,
) -> bytes:
    """Return the output of a Git command. Raise GitError if it fails."""
    command, env = ["git", *arguments], {**pinned(), **(variables or {})}
    try:
        done = subprocess.run(
            command, cwd=folder, env=env, input=given, capture_output=True, check=False
        )
    except FileNotFoundError:
        raise GitError("git is not installed") from None
    nothing_found = done.returncode == 1 and arguments[0] in {"grep", "check-ignore"}
    if done.returncode and not nothing_found:
        words = done.stderr.decode(errors="replace").strip().splitlines()
        fatal = [line for line in words if line.startswith(("fatal:", "error:"))]
        raise GitError(next(iter([*fatal, *words[-1:]]), f"git {arguments[0]} failed"))
    return done.stdout


def names(*arguments: str, folder: Path = PROJECT, given: bytes = b"") -> list[str]:
    """Return the NUL-terminated names in the output of a Git command."""
    printed = run(*arguments, folder=folder, given=given)
    return [os.fsdecode(name) for name in printed.split(b"\0") if name]


def last_commit() -> str:
    """Return the last commit, or the empty tree if there is none. Raise GitError without Git."""
    run("rev-parse")
    try:
        return run("rev-parse", "--verify", "HEAD").decode().strip()
    except GitError:
        return run("mktree").decode().strip()


def blob(revision: str, name: str) -> bytes:
    """Return a file of the project in a revision; b"" if it is not there."""
    there = names("ls-tree", "-z", "--name-only", revision, "--", f"./{name}")
    return run("cat-file", "blob", f"{revision}:./{name}") if there else b""
