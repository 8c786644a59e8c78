"""Targets for a model in front of an upstream."""

from benchmarks.serving.acceptance.target import Target, over, ratio
from benchmarks.serving.catalogue.keys import OURS
from benchmarks.serving.findings import best
from benchmarks.serving.results import Results

CONNECTIONS = 200
FACTORS = {"MLServer": 3, "BentoML": 3}


def targets(results: Results) -> list[Target]:
    """Return the targets, for each client."""
    found = []
    for model, client in (("upstream", "httpx2"), ("upstream-aiohttp", "aiohttp")):
        ours = ratio(results, model, CONNECTIONS, OURS)
        name = f"upstream by {client}, {CONNECTIONS} connections"
        found.append(Target(f"{name}, multiple of FastAPI", ours, 0.95))
        for peer, factor in FACTORS.items():
            theirs = best(results, model, CONNECTIONS, (peer,))
            found.append(Target(f"{name}, multiple of {peer}", over(ours, theirs), factor))
    return found
