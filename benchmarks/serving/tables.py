"""The results as Markdown tables."""

from benchmarks.serving.catalogue import BEFORE, LADDER, systems
from benchmarks.serving.findings import batching, limit, multiple
from benchmarks.serving.options import Options
from benchmarks.serving.results import Results, Row
from benchmarks.serving.workload import workloads

INVALID, NOTHING = "invalid", "-"


def everything(options: Options, results: Results) -> str:
    """Render every table, by model, and the findings."""
    parts = [
        part
        for name in options.models
        for part in (
            f"## {workloads()[name].title}",
            ratios(options, results, name),
            details(options, results, name),
        )
    ]
    ladders = {name: ladder(options, results, name) for name in options.models}
    if any(ladders.values()):
        parts.append("## What each part costs")
    for name, steps in ladders.items():
        parts += [f"{workloads()[name].title}:", steps] if steps else []
    if options.before:
        parts += [f"## In relation to release {options.before}", before(options, results)]
    parts += ["## Further findings", findings(options, results)]
    return "\n\n".join(parts)


def ratios(options: Options, results: Results, model: str) -> str:
    """Render throughput as a multiple of bare FastAPI's, memory and cold start."""
    header = ["system", *map(_connections, options.connections), "memory MB", "cold start s"]
    lines = []
    for key, title in _measured(results, model):
        cells = [title]
        for connections in options.connections:
            row = results.row(model, connections, key)
            cells.append(_spread(row))
        start = results.starts.get((model, key))
        cells += [f"{start.megabytes:.0f}", f"{start.seconds:.1f}"] if start else [NOTHING, NOTHING]
        lines.append(cells)
    return table(header, lines)


def details(options: Options, results: Results, model: str) -> str:
    """Render requests a second and milliseconds."""
    header = ["system"]
    for connections in options.connections:
        header += [f"{_connections(connections)}: requests/s", "p50 ms", "p99 ms"]
    lines = []
    for key, title in _measured(results, model):
        cells = [title]
        for connections in options.connections:
            row = results.row(model, connections, key)
            if row is None:
                cells += [NOTHING] * 3
            elif row.errors:
                cells += [f"{INVALID}: {row.errors} failed", NOTHING, NOTHING]
            else:
                cells += [f"{row.rate:.0f}", f"{row.p50:.2f}", f"{row.p99:.2f}"]
        lines.append(cells)
    return table(header, lines)


def ladder(options: Options, results: Results, model: str) -> str:
    """Render the rendered service's throughput, each line with one feature less, and the gain."""
    titles = dict(_measured(results, model))
    steps = [key for key in LADDER if key in titles]
    lines = []
    for before, key in zip(["", *steps], steps, strict=False):
        cells = [titles[key]]
        for connections in options.connections:
            row = results.valid(model, connections, key)
            last = results.valid(model, connections, before)
            gain = f" ({row.ratio / last.ratio - 1:+.0%})" if row and last else ""
            cells.append(f"{row.ratio:.2f}{gain}" if row else NOTHING)
        lines.append(cells)
    header = ["this template", *map(_connections, options.connections)]
    return table(header, lines) if len(lines) > 1 else ""


def before(options: Options, results: Results) -> str:
    """Render throughput and p99 as multiples of the earlier release's in the same round."""
    header, lines = ["model", "variant"], []
    for connections in options.connections:
        header += [f"{_connections(connections)}: requests/s", "p99"]
    for model in options.models:
        for now, earlier in BEFORE.items():
            cells = [workloads()[model].title, now]
            for connections in options.connections:
                for figure in ("rate", "p99"):
                    found = multiple(results, model, connections, now, earlier, figure)
                    cells.append(NOTHING if found is None else f"{found:.2f}")
            lines.append(cells)
    return table(header, lines)


def findings(options: Options, results: Results) -> str:
    """Describe the limit of the ONNX model, the effect of batching, and the cost of a scrape."""
    lines, titles = [], {system.key: system.title for system in systems()}
    if reach := limit(results):
        lines.append(
            f"- ONNX at 64 connections could do {reach.rate:.0f} requests/s: an item takes "
            f"{reach.item_seconds * 1e6:.0f} µs in a batch of 64, and plain ASGI that only reads "
            f"and validates does {reach.parse_rate:.0f}/s. This template reaches "
            + ", ".join(f"{share:.2f} ({titles[key]})" for key, share in reach.shares.items())
            + " of it."
        )
    lines += [
        f"- Batching, {workloads()[model].title}: median latency at 1 connection "
        f"{effect.cost:+.1%}, throughput at 64 connections times {effect.gain:.2f}."
        for model in options.models
        if (effect := batching(results, model))
    ]
    if results.scrape:
        lines.append(
            f"- A scrape of `/metrics` takes {results.scrape.milliseconds:.1f} ms and "
            f"{results.scrape.size} bytes."
        )
    lines.append(
        f"- Other work on the machine took up to {max(results.others, default=0):.0%} of a core "
        "meanwhile."
    )
    lines += [f"- Not measured: {problem.splitlines()[0]}" for problem in results.problems]
    return "\n".join(lines)


def table(header: list[str], lines: list[list[str]]) -> str:
    """Render a table whose first column is text."""
    rule = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [header, rule, *lines])


def _measured(results: Results, model: str) -> list[tuple[str, str]]:
    seen = {key for name, _, key in results.samples if name == model}
    return [(system.key, system.title) for system in systems() if system.key in seen]


def _spread(row: Row | None) -> str:
    if row is None:
        return NOTHING
    if row.errors:
        return INVALID
    one = row.low == row.high
    return f"{row.ratio:.2f}" if one else f"{row.ratio:.2f} ({row.low:.2f}-{row.high:.2f})"


def _connections(number: int) -> str:
    return f"{number} connection{'s' if number > 1 else ''}"
