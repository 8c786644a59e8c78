"""Results of several rows together: the limit of a model, the effect of batching, the best peer."""

from statistics import median
from typing import NamedTuple

from benchmarks.serving.catalogue import of_model
from benchmarks.serving.catalogue.keys import LADDER, PARSE_ONLY
from benchmarks.serving.results import Results, Row


class Limit(NamedTuple):
    """The best that one core can do: the model in full batches, and reading its requests."""

    rate: float
    item_seconds: float
    parse_rate: float
    shares: dict[str, float]
    """The share of it that each variant of the rendered service reaches."""


class Effect(NamedTuple):
    """The effect of batching."""

    cost: float
    """Of the median latency at one connection, as a fraction of it."""
    gain: float
    """Of throughput at 64 connections, as a factor."""


def limit(results: Results) -> Limit | None:
    """Return the limit of the ONNX model at 64 connections, round by round, if it was measured."""
    parsing = results.samples.get(("onnx", 64, PARSE_ONLY), [])
    if not parsing or len(results.item_seconds) != len(parsing):
        return None
    rates = [
        1 / (seconds + 1 / sample.window.rate)
        for seconds, sample in zip(results.item_seconds, parsing, strict=True)
    ]
    shares = {
        key: median(s.window.rate / rate for s, rate in zip(samples, rates, strict=True))
        for key in LADDER
        if results.valid("onnx", 64, key)
        and len(samples := results.samples["onnx", 64, key]) == len(rates)
    }
    parse_rate = median(sample.window.rate for sample in parsing)
    return Limit(median(rates), median(results.item_seconds), parse_rate, shares)


def batching(results: Results, model: str) -> Effect | None:
    """Compare the two variants that differ in the feature `batching` alone."""
    on, off = "ours-no-metrics", "ours-no-batching"
    latency = multiple(results, model, 1, on, off, "p50")
    throughput = multiple(results, model, 64, on, off, "rate")
    return Effect(latency - 1, throughput) if latency and throughput else None


def multiple(
    results: Results, model: str, connections: int, key: str, other: str, figure: str
) -> float | None:
    """Return a figure of wrk as a multiple of another system's in the same round: the median."""
    if not (results.valid(model, connections, key) and results.valid(model, connections, other)):
        return None
    pairs = zip(
        results.samples[model, connections, key],
        results.samples[model, connections, other],
        strict=True,
    )
    figures = [(getattr(one.window, figure), getattr(two.window, figure)) for one, two in pairs]
    return float(median(one / two for one, two in figures))


def best(
    results: Results, model: str, connections: int, families: tuple[str, ...], ending: str = ""
) -> Row | None:
    """Return the row with the highest ratio among variants of these systems whose key ends so."""
    rows = [
        row
        for system in of_model(model)
        if system.family in families and system.key.endswith(ending)
        and (row := results.valid(model, connections, system.key))
    ]  # fmt: skip
    return max(rows, key=lambda row: row.ratio, default=None)
