"""The list of statements."""

from dataclasses import dataclass
from pathlib import Path

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where it was built
LEVELS = ("required", "optional", "extension", "practice", "client")


@dataclass(frozen=True)
class Statement:
    """A sentence about servers, and where it comes from."""

    id: str
    level: str
    text: str
    source: str


def load() -> dict[str, Statement]:
    """Read the list, in its order."""
    text = Path(__file__).with_name("statements.yml").read_text("utf-8")
    listed = yaml.load(text, Loader=LOADER)
    return {entry["id"]: Statement(**entry) for entry in listed}
