"""Measurements and their medians."""

from collections import defaultdict
from dataclasses import dataclass, field
from statistics import median
from typing import NamedTuple

from benchmarks.serving.load import Window


class Sample(NamedTuple):
    """A window, and its throughput in relation to the baseline's in the same round."""

    window: Window
    ratio: float


class Row(NamedTuple):
    """A line of a table: medians over rounds, and the spread of the ratio."""

    rate: float
    ratio: float
    low: float
    high: float
    p50: float
    p99: float
    errors: int


class Start(NamedTuple):
    """The costs of a server before and besides its requests."""

    seconds: float
    megabytes: float


class Scrape(NamedTuple):
    """The cost of one scrape of the metrics."""

    milliseconds: float
    size: int


@dataclass
class Results:
    """All results of a run; keys are names of models, numbers of connections, keys of systems."""

    samples: dict[tuple[str, int, str], list[Sample]] = field(
        default_factory=lambda: defaultdict(list)
    )
    starts: dict[tuple[str, str], Start] = field(default_factory=dict)
    item_seconds: list[float] = field(default_factory=list)
    """Of the ONNX model: time of an item in a batch of 64, once a round."""
    scrape: Scrape | None = None
    others: list[float] = field(default_factory=list)
    """Share of a core that other work took, for each group of systems."""
    problems: list[str] = field(default_factory=list)
    versions: dict[str, dict[str, str]] = field(default_factory=dict)
    """Of packages, by environment."""

    def row(self, model: str, connections: int, key: str) -> Row | None:
        """Summarize the rounds of a system, if it was measured."""
        samples = self.samples.get((model, connections, key))
        if not samples:
            return None
        rates, p50s, p99s, errors = zip(*(sample.window for sample in samples), strict=True)
        ratios = [sample.ratio for sample in samples]
        return Row(
            median(rates), median(ratios), min(ratios), max(ratios),
            median(p50s), median(p99s), sum(errors),
        )  # fmt: skip

    def valid(self, model: str, connections: int, key: str) -> Row | None:
        """Return the row of a system; None if it was not measured or a request failed."""
        row = self.row(model, connections, key)
        return row if row and not row.errors else None
