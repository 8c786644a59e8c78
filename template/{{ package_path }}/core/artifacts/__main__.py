"""Print the checksum of an artifact, for `model.artifact.sha256`: `make checksum ARTIFACT=…`."""

import sys
from pathlib import Path

from ..errors import ConfigError
from .files import checksum


def main(arguments: list[str]) -> int:
    """Print the checksum of a file or folder; return the exit code."""
    if len(arguments) != 1 or not arguments[0]:
        print("Name one file or folder: make checksum ARTIFACT=…", file=sys.stderr)  # noqa: T201
        return ConfigError.exit_code
    try:
        print(checksum(Path(arguments[0])))  # noqa: T201
    except ConfigError as exc:
        print(exc, file=sys.stderr)  # noqa: T201
        return ConfigError.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
