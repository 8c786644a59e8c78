"""Targets for the models whose input is JSON."""

from benchmarks.serving.acceptance.target import Target, over, ratio
from benchmarks.serving.catalogue.keys import BASELINE, OURS, OURS_BINARY, PEERS
from benchmarks.serving.findings import batching, best, limit, multiple
from benchmarks.serving.results import Results

FACTORS = {"LitServe": 7, "BentoML": 10, "MLServer": 3, "Ray Serve": 50}


def targets(results: Results) -> list[Target]:
    """Return every target."""
    return [
        *_keyword(results),
        *_against_peers(results),
        *_open_inference(results),
        *_onnx(results),
    ]


def _keyword(results: Results) -> list[Target]:
    ours, quiet = (ratio(results, "keyword", 64, key) for key in (OURS, "ours-warning"))
    alone = ratio(results, "keyword", 1, OURS)
    tail = multiple(results, "keyword", 64, OURS, BASELINE, "p99")
    return [
        Target("keyword, 64 connections, multiple of FastAPI", ours, 1.1),
        Target("keyword, 64 connections, p99 as a multiple of FastAPI's", tail, 1, at_most=True),
        Target(
            "keyword, 64 connections, `LOG_LEVEL=WARNING`, multiple of FastAPI",
            quiet, 1.3,
        ),
        Target("… and without metrics", ratio(results, "keyword", 64, "ours-no-metrics"), 1.7),
        Target("keyword, 1 connection, multiple of FastAPI", alone, 1.2),
    ]  # fmt: skip


def _against_peers(results: Results) -> list[Target]:
    found = []
    for peer in PEERS:
        for connections in (16, 64):
            ours, theirs = (
                ratio(results, "keyword", connections, OURS),
                best(results, "keyword", connections, (peer,)),
            )
            title = f"keyword, {connections} connections, multiple of {peer}"
            found.append(Target(title, over(ours, theirs), FACTORS[peer]))
    return found


def _open_inference(results: Results) -> list[Target]:
    found = []
    for model, title in (("keyword", "keyword"), ("onnx", "ONNX")):
        for connections in (16, 64):
            ours = ratio(results, model, connections, OURS_BINARY)
            theirs = best(results, model, connections, ("MLServer",))
            name = f"{title}, {connections} connections, v2 in binary form, multiple of MLServer"
            found.append(Target(name, over(ours, theirs), 3))
    return found


def _onnx(results: Results) -> list[Target]:
    ours = ratio(results, "onnx", 64, OURS)
    peers = over(ours, best(results, "onnx", 64, PEERS, "-batched"))
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
