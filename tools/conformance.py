"""The conformance suite of `conformance/`, installed into an environment of its own."""

import subprocess
import sys
import tomllib
from pathlib import Path

from tools.managers import ROOT, ensure_environment

PROJECT = ROOT / "conformance"
ENVIRONMENT = ROOT / ".cache" / "open-inference-conformance"


def ensure_conformance() -> Path:
    """Install the suite if it is missing or its dependencies changed; return the commands."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    return ensure_environment(ENVIRONMENT, [f"--editable={PROJECT}", *project["dependencies"]])


def main() -> int:
    """Run the command with this process's arguments and return its exit code."""
    command = ensure_conformance() / "open-inference-conformance"
    return subprocess.run([command, *sys.argv[1:]], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
