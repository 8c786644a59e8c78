"""A target ratio, and the figures that it needs."""

from typing import NamedTuple

from benchmarks.serving.results import Results, Row


class Target(NamedTuple):
    """A figure and its bound; None if it was not measured."""

    title: str
    figure: float | None
    bound: float
    at_most: bool = False

    @property
    def reached(self) -> bool:
        """Whether the figure is on the right side of the bound."""
        figure, bound = self.figure or 0, self.bound
        return figure <= bound if self.at_most else figure >= bound


def ratio(results: Results, model: str, connections: int, key: str) -> float | None:
    """Return the throughput of a system as a multiple of the baseline's."""
    row = results.valid(model, connections, key)
    return row.ratio if row else None


def over(ours: float | None, peer: Row | None) -> float | None:
    """Return a ratio as a multiple of that of a row."""
    return ours / peer.ratio if ours and peer else None
