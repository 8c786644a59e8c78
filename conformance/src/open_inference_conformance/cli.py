"""The command `open-inference-conformance`: options, then pytest with the suite."""

import argparse
import os
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import pytest

SUITE = Path(__file__).with_name("suite")
NAME = "open-inference-conformance"
VARIABLES = {"PYTEST_ADDOPTS": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
"""Keep the user's own options and plugins of pytest out of the run."""
PYTEST = """further options go to pytest: -k binary, -m required, -m "not slow", -x

exit codes: 0 every statement that applies holds; 1 at least one does not; 2 wrong options
or a test file that cannot be imported; 4 the suite cannot start; 5 no test was selected"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the suite and return the exit code."""
    options, others = _parser().parse_known_args(arguments)
    os.environ.update(VARIABLES)
    command = [str(SUITE), f"--rootdir={SUITE}", f"-c{SUITE}/pytest.ini"]
    if options.also:
        command += [str(options.also), f"--confcutdir={options.also}", f"--also={options.also}"]
    for name in ("url", "model", "model_version", "request", "results"):
        command.append(f"--{name.replace('_', '-')}={getattr(options, name)}")
    return int(pytest.main([*command, "-popen_inference_conformance.plugin", *others]))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=NAME, description="Check a server against the Open Inference Protocol (V2, REST).",
        epilog=PYTEST, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument(
        "--url", type=_url, required=True, help="base URL of the server; /v2/… follows"
    )
    parser.add_argument("--model", required=True, help="name of a model that it serves")
    parser.add_argument(
        "--model-version", default="", help="version that requests name; by default none"
    )
    parser.add_argument(
        "--request", type=_path, default="", metavar="FILE",
        help="a valid inference request in JSON, for a model for which none can be made up",
    )  # fmt: skip
    parser.add_argument(
        "--results", type=_path, default="", metavar="FILE", help="write all results as JSON"
    )
    parser.add_argument(
        "--also", type=_path, default="", metavar="FOLDER",
        help="check your own statements too: FOLDER has a statements.yml and test_*.py",
    )  # fmt: skip
    parser.add_argument("--version", action="version", version=f"%(prog)s {version(NAME)}")
    return parser


def _url(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError(
            f"must begin with http:// or https://, as in http://{text or '127.0.0.1:8000'}"
        )
    return text.rstrip("/").removesuffix("/v2")


def _path(text: str) -> str:
    return str(Path(text).resolve()) if text else ""
