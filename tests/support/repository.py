"""Files of this repository."""

import subprocess

from tools.managers import ROOT


def tracked():
    """Return the paths of all files that are committed or will be."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    return subprocess.run(
        listing, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\n")
