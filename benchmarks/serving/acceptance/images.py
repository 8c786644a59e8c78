"""Targets for pictures."""

from benchmarks.serving.acceptance.target import Target, over, ratio
from benchmarks.serving.catalogue.keys import OURS, PEERS
from benchmarks.serving.findings import best
from benchmarks.serving.markdown import count
from benchmarks.serving.results import Results


def targets(results: Results) -> list[Target]:
    """Return the targets: against the best peer, and the cost that a bare route does not have."""
    found = []
    for connections in (1, 16):
        ours = ratio(results, "image", connections, OURS)
        peer = over(ours, best(results, "image", connections, PEERS))
        cost = 1 / ours if ours else None
        name = f"picture, {count(connections, 'connection')}"
        found += [
            Target(f"{name}, multiple of the best peer", peer, 2),
            Target(f"{name}, cost as a multiple of a bare route's", cost, 1.3, at_most=True),
        ]
    return found
