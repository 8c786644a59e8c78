"""Rendering the template as it stands in the working tree."""

import shutil
import subprocess
from pathlib import Path

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
