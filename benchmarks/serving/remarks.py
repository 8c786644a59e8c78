"""Findings as a Markdown list: what no table shows."""

from benchmarks.serving.catalogue import of_model
from benchmarks.serving.findings import batching, limit
from benchmarks.serving.options import Options
from benchmarks.serving.results import Results
from benchmarks.serving.workload import workloads


def remarks(options: Options, results: Results) -> str:
    """Describe what was measured of some models besides load, and what could not be measured."""
    titles = [workloads()[model].title for model in options.models]
    problems = [text.splitlines()[0] for text in results.problems if text.startswith((*titles,))]
    found = [
        *(_limit(results) if "onnx" in options.models else []),
        *_batching(options, results),
        *_scrape(results),
        f"Other work on the machine took up to {max(results.others, default=0):.0%} of a core "
        "meanwhile.",
        *(f"Not measured: {problem}" for problem in problems),
    ]
    return "\n".join(f"- {text}" for text in found)


def _limit(results: Results) -> list[str]:
    reach = limit(results)
    if not reach:
        return []
    titles = {system.key: system.title for system in of_model("onnx")}
    shares = ", ".join(f"{share:.2f} ({titles[key]})" for key, share in reach.shares.items())
    return [
        f"ONNX at 64 connections could do {reach.rate:.0f} requests/s: an item takes "
        f"{reach.item_seconds * 1e6:.0f} µs in a batch of 64, and plain ASGI that only reads "
        f"and validates does {reach.parse_rate:.0f}/s. This template reaches {shares} of it."
    ]


def _batching(options: Options, results: Results) -> list[str]:
    return [
        f"Batching, {workloads()[model].title}: median latency at 1 connection "
        f"{effect.cost:+.1%}, throughput at 64 connections times {effect.gain:.2f}."
        for model in options.models
        if (effect := batching(results, model))
    ]


def _scrape(results: Results) -> list[str]:
    if not results.scrape:
        return []
    milliseconds, size = results.scrape
    return [f"A scrape of `/metrics` takes {milliseconds:.1f} ms and {size} bytes."]
