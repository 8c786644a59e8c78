"""The list of statements, `statements.yml`."""

from dataclasses import dataclass
from pathlib import Path

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where it was built
FILE = Path(__file__).with_name("statements.yml")
LEVELS = ("required", "optional", "extension", "practice", "client")


@dataclass(frozen=True)
class Statement:
    """A requirement and its source."""

    id: str
    level: str
    text: str
    source: str


def load(folder: str = "") -> dict[str, Statement]:
    """Return the statements in their order, those of another folder behind them.

    Raises:
        ValueError: The folder's list cannot be read; the message has its path.
    """
    statements = {one.id: one for one in _read(FILE)}
    for one in _read(Path(folder) / FILE.name) if folder else []:
        if one.id in statements or one.level not in LEVELS:
            wrong = "is used twice" if one.id in statements else f"has a level {one.level!r}"
            raise ValueError(f"{folder}/{FILE.name}: the statement {one.id!r} {wrong}")
        statements[one.id] = one
    return statements


def _read(file: Path) -> list[Statement]:
    try:
        return [Statement(**entry) for entry in yaml.load(file.read_text("utf-8"), Loader=LOADER)]
    except (OSError, TypeError, yaml.YAMLError) as exc:
        raise ValueError(f"{file} is not a list of statements: {exc}") from exc
