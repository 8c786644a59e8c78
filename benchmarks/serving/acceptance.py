"""The target ratios. They are reported, and never fail a run."""

from typing import NamedTuple

from benchmarks.serving.catalogue import BASELINE, OURS, OURS_BINARY, PEERS
from benchmarks.serving.findings import batching, best, limit, multiple
from benchmarks.serving.results import Results, Row
from benchmarks.serving.tables import table

FACTORS = {"LitServe": 7, "BentoML": 10, "MLServer": 3, "Ray Serve": 50}


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


def verdicts(results: Results) -> str:
    """Render the table of targets."""
    lines = []
    for target in targets(results):
        sign = "≤" if target.at_most else "≥"
        if target.figure is not None:
            verdict = "PASS" if target.reached else "MISS"
            figures = f"{target.figure:.2f}", f"{sign} {target.bound:g}"
            lines.append([target.title, *figures, verdict])
    missing = len(targets(results)) - len(lines)
    note = f"\n\nTargets that were not measured: {missing}." if missing else ""
    return table(["target", "measured", "bound", ""], lines) + note


def targets(results: Results) -> list[Target]:
    """Return every target."""
    return [
        *_keyword(results),
        *_against_peers(results),
        *_open_inference(results),
        *_onnx(results),
    ]


def _keyword(results: Results) -> list[Target]:
    ours, quiet = (_ratio(results, "keyword", 64, key) for key in (OURS, "ours-warning"))
    alone = _ratio(results, "keyword", 1, OURS)
    tail = multiple(results, "keyword", 64, OURS, BASELINE, "p99")
    return [
        Target("keyword, 64 connections, multiple of FastAPI", ours, 1.1),
        Target("keyword, 64 connections, p99 as a multiple of FastAPI's", tail, 1, at_most=True),
        Target(
            "keyword, 64 connections, `LOG_LEVEL=WARNING`, multiple of FastAPI",
            quiet, 1.3,
        ),
        Target("… and without metrics", _ratio(results, "keyword", 64, "ours-no-metrics"), 1.7),
        Target("keyword, 1 connection, multiple of FastAPI", alone, 1.2),
    ]  # fmt: skip


def _against_peers(results: Results) -> list[Target]:
    found = []
    for peer in PEERS:
        for connections in (16, 64):
            ours, theirs = (
                _ratio(results, "keyword", connections, OURS),
                best(results, "keyword", connections, (peer,)),
            )
            title = f"keyword, {connections} connections, multiple of {peer}"
            found.append(Target(title, _over(ours, theirs), FACTORS[peer]))
    return found


def _open_inference(results: Results) -> list[Target]:
    found = []
    for model, title in (("keyword", "keyword"), ("onnx", "ONNX")):
        for connections in (16, 64):
            ours = _ratio(results, model, connections, OURS_BINARY)
            theirs = best(results, model, connections, ("MLServer",))
            name = f"{title}, {connections} connections, v2 in binary form, multiple of MLServer"
            found.append(Target(name, _over(ours, theirs), 3))
    return found


def _onnx(results: Results) -> list[Target]:
    ours = _ratio(results, "onnx", 64, OURS)
    peers = _over(ours, best(results, "onnx", 64, PEERS, "-batched"))
    reach, effect = limit(results), batching(results, "onnx")
    share = reach.shares.get(OURS) if reach else None
    gain = effect.gain if effect else None
    return [
        Target("ONNX, 64 connections, multiple of FastAPI", ours, 2.5),
        Target("ONNX, 64 connections, multiple of the best peer that batches", peers, 2),
        Target("ONNX, 64 connections, share of the limit", share, 0.9),
        Target("ONNX, 64 connections, multiple of without batching", gain, 2),
        Target(
            "ONNX, 1 connection, p50 with batching, multiple of without",
            1 + effect.cost if effect else None, 1.05, at_most=True,
        ),
    ]  # fmt: skip


def _ratio(results: Results, model: str, connections: int, key: str) -> float | None:
    row = results.valid(model, connections, key)
    return row.ratio if row else None


def _over(ours: float | None, peer: Row | None) -> float | None:
    return ours / peer.ratio if ours and peer else None
