"""Rendering the template as it stands in the working tree."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tools.managers import ROOT


def snapshot(folder: Path) -> Path:
    """Copy the template, with what is not committed yet, to a plain folder without Git."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, names.decode().split("\0")):
        source, target = ROOT / name, folder / name
        if source.is_file() and name.startswith(("copier.yml", "questions/", "template/")):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    return folder


def read_questions(template: Path) -> dict[str, dict[str, Any]]:
    """Give all questions of a template, by name, in the order in which they are asked."""
    found: dict[str, dict[str, Any]] = {}
    for file in sorted((template / "questions").glob("*.yml")):
        found |= yaml.safe_load(file.read_text("utf-8"))
    return found


def choices_of(question: dict[str, Any]) -> list[str] | None:
    """Give the values that a question offers, without their labels; None if any will do."""
    choices = question.get("choices")
    return list(choices.values()) if isinstance(choices, dict) else choices
