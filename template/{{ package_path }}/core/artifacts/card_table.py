"""`make card` prints the card of the configured artifact, as a table in Markdown."""

import sys

from ...config.artifact import ArtifactSettings
from ..config import load_config
from ..errors import ConfigError
from ..metadata import PROJECT_DIR
from .card import Card, default_path, describe, read_card
from .files import checksum
from .resolve import local_path


def as_table(card: Card) -> str:
    """Return the card as a table in Markdown."""
    rows = ["| | |", "| --- | --- |"]
    for name, value in describe(card).items():
        inner = value if isinstance(value, dict) else {"": value}
        title = name.replace("_", " ").capitalize()
        rows += [f"| {_cell(f'{title} {key}')} | {_cell(inner[key])} |" for key in inner]
    return "\n".join(rows)


def _cell(value: object) -> str:
    return " ".join(str(value).split()).replace("|", "\\|")


def main() -> int:
    """Print the card of the configured artifact, and return the exit code."""
    try:
        table = as_table(_checked(load_config().model.artifact))
    except ConfigError as exc:
        print(exc, file=sys.stderr)  # noqa: T201
        return exc.exit_code
    sys.stdout.buffer.write(f"{table}\n".encode())  # a file on Windows would have another encoding
    return 0


def _checked(artifact: ArtifactSettings) -> Card:
    """Return the configured card, once it is that of the artifact, if that is here."""
    uri = artifact.uri if artifact.uri and not artifact.is_remote else ""
    card = read_card(artifact)
    if card is None:
        other = f", and no {default_path(uri)}" if uri else ""
        raise ConfigError(f"There is no card: model.artifact.card is not set{other}")
    if uri and card.sha256:
        card.check(checksum(local_path(uri, PROJECT_DIR)))
    return card


if __name__ == "__main__":
    sys.exit(main())
