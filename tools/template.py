"""Rendering the template from the working tree."""

import shutil
import subprocess
import tarfile
from collections.abc import Collection
from io import BytesIO
from pathlib import Path
from typing import Any

import jinja2
import yaml

from tools.managers import ROOT

PARTS = ("copier.yml", "examples", "questions", "template")  # of this repository, for Copier
RELEASES = ROOT / "tests/releases/releases.yml"


def snapshot(folder: Path) -> Path:
    """Copy the template, with uncommitted changes, to a plain folder without Git."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, names.decode().split("\0")):
        source, target = ROOT / name, folder / name
        if source.is_file() and name.startswith(PARTS):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    return folder


def releases() -> dict[str, str]:
    """Return the commit of each release, the oldest first."""
    listed = yaml.safe_load(RELEASES.read_text("utf-8"))
    return {str(version): commit for version, commit in listed.items()}


def unpack(revision: str, folder: Path) -> None:
    """Write the template as it was in a commit of this repository."""
    listing = ["git", "ls-tree", "--name-only", revision]  # the first releases have no examples
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    archive = ["git", "archive", revision, *(part for part in PARTS if part in names.split())]
    content = subprocess.run(archive, cwd=ROOT, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=BytesIO(content)) as tar:
        tar.extractall(folder, filter="data")


def read_questions(template: Path) -> dict[str, dict[str, Any]]:
    """Return all questions of a template, by name, in the order in which they are asked."""
    found: dict[str, dict[str, Any]] = {}
    for file in sorted((template / "questions").glob("*.yml")):
        found |= yaml.safe_load(file.read_text("utf-8"))
    return found


def jinja(template: Path = ROOT) -> jinja2.Environment:
    """Return an environment that renders texts of a template as Copier does."""
    loader = jinja2.FileSystemLoader(template)
    return jinja2.Environment(loader=loader, undefined=jinja2.StrictUndefined, autoescape=False)


def read_features(template: Path = ROOT) -> dict[str, dict[str, Any]]:
    """Return the table of features."""
    module: Any = jinja(template).get_template("questions/features.jinja").module
    table: dict[str, dict[str, Any]] = module.table
    return table


def read_backends(template: Path = ROOT) -> dict[str, dict[str, Any]]:
    """Return the table of backends."""
    module: Any = jinja(template).get_template("questions/backends.jinja").module
    table: dict[str, dict[str, Any]] = module.table
    return table


def files_of(row: dict[str, Any], template: Path = ROOT) -> list[str]:
    """Return the files of a backend's row, those in its folders one by one."""
    package = template / "template/{{ package_path }}"
    found = [[*(package / name).rglob("*.py")] or [package / name] for name in row["files"]]
    return [path.relative_to(package).as_posix() for paths in found for path in sorted(paths)]


def in_production(template: Path = ROOT) -> list[str]:
    """Return the features of the preset `production`."""
    table = read_features(template)
    return [name for name, row in table.items() if row.get("production", True)]


def with_needed(features: Collection[str], template: Path = ROOT) -> list[str]:
    """Return features, and those that come with them."""
    table = read_features(template)
    needed = {need for name in features for need in table.get(name, {}).get("needs", ())}
    return [name for name in table if name in needed or name in {*features}]


def choices_of(question: dict[str, Any], template: Path = ROOT) -> list[str] | None:
    """Return the values that a question offers, without their labels; None if any is valid."""
    choices = question.get("choices")
    if isinstance(choices, str):
        choices = yaml.safe_load(jinja(template).from_string(choices).render())
    return list(choices.values()) if isinstance(choices, dict) else choices
