"""`python -m conformance --url URL --model NAME`; what follows goes to pytest."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from tools.managers import ROOT, ensure_environment

ENVIRONMENT = ROOT / ".cache" / "conformance"
REQUIREMENTS = [
    "kserve>=0.21,<0.22",
    "numpy>=2,<3",
    "pytest>=9.1,<10",
    "pyyaml>=6.0.3,<7",
    "schemathesis>=4.32,<5",
    "tritonclient[http]>=2.73,<3",
]
VARIABLES = {"PYTEST_ADDOPTS": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
USAGE = """make conformance URL=http://127.0.0.1:8000 MODEL=name [VERSION=…] [REQUEST=…] [ARGS=…]

  URL      where the server is; v2/… follows
  MODEL    a model that it serves
  VERSION  the version that requests name; by default none
  REQUEST  a file with a valid inference request in JSON, for a model for which none can be made up
  ARGS     for pytest: "-k binary", "-m required", "--results=/tmp/results.json"
"""


def main() -> int:
    """Run the suite; 0 if every statement holds, 1 if one does not, 2 and 4 if it cannot run."""
    parser = argparse.ArgumentParser(prog="conformance", usage=USAGE, add_help=False)
    for option in ("--url", "--model", "--version", "--request"):
        parser.add_argument(option, default="")
    options, others = parser.parse_known_args()
    if not options.url.startswith(("http://", "https://")) or not options.model:
        wrong = "MODEL is missing." if options.url.startswith("http") else "URL is missing."
        if options.url and "://" not in options.url:
            wrong = f"URL must begin with http:// or https://, as in http://{options.url}"
        print(f"{wrong}\n\nusage: {USAGE}", file=sys.stderr, end="")
        return 2
    request = str(Path(options.request).resolve()) if options.request else ""
    python = ensure_environment(ENVIRONMENT, REQUIREMENTS) / "python"
    folder = ROOT / "conformance"
    command = [
        str(python), "-m", "pytest", str(folder), f"--rootdir={folder}", f"-c{folder}/pytest.ini",
        f"--url={options.url.rstrip('/').removesuffix('/v2')}", f"--model={options.model}",
        f"--model-version={options.version}", f"--request={request}", *others,
    ]  # fmt: skip
    return subprocess.run(command, check=False, env=os.environ | VARIABLES).returncode


if __name__ == "__main__":
    sys.exit(main())
