"""The results as Markdown tables."""

from benchmarks.serving.catalogue import of_model
from benchmarks.serving.catalogue.keys import BEFORE, LADDER
from benchmarks.serving.findings import multiple
from benchmarks.serving.markdown import INVALID, NOTHING, count, table
from benchmarks.serving.options import Options
from benchmarks.serving.remarks import remarks
from benchmarks.serving.results import Results, Row
from benchmarks.serving.workload import workloads


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
    if options.before and (compared := before(options, results)):
        parts += [f"## In relation to release {options.before}", compared]
    parts += ["## Further findings", remarks(options, results)]
    return "\n\n".join(parts)


def ratios(options: Options, results: Results, model: str) -> str:
    """Render throughput as a multiple of bare FastAPI's, memory and cold start."""
    header = ["system", *_headings(options, model), "memory MB", "cold start s"]
    lines = []
    for key, title in _measured(results, model):
        cells = [title]
        for connections in options.connections_of(model):
            row = results.row(model, connections, key)
            cells.append(_spread(row))
        start = results.starts.get((model, key))
        cells += [f"{start.megabytes:.0f}", f"{start.seconds:.1f}"] if start else [NOTHING, NOTHING]
        lines.append(cells)
    return table(header, lines)


def details(options: Options, results: Results, model: str) -> str:
    """Render requests a second and milliseconds."""
    header = ["system"]
    for heading in _headings(options, model):
        header += [f"{heading}: requests/s", "p50 ms", "p99 ms"]
    lines = []
    for key, title in _measured(results, model):
        cells = [title]
        for connections in options.connections_of(model):
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
        for connections in options.connections_of(model):
            row = results.valid(model, connections, key)
            last = results.valid(model, connections, before)
            gain = f" ({row.ratio / last.ratio - 1:+.0%})" if row and last else ""
            cells.append(f"{row.ratio:.2f}{gain}" if row else NOTHING)
        lines.append(cells)
    header = ["this template", *_headings(options, model)]
    return table(header, lines) if len(lines) > 1 else ""


def before(options: Options, results: Results) -> str:
    """Render throughput and p99 as multiples of the earlier release's in the same round."""
    numbers = sorted({n for model in options.models for n in options.connections_of(model)})
    header, lines = ["model", "variant"], []
    for connections in numbers:
        header += [f"{count(connections, 'connection')}: requests/s", "p99"]
    for model in options.models:
        for now, earlier in BEFORE.items():
            found = [
                multiple(results, model, connections, now, earlier, figure)
                for connections in numbers
                for figure in ("rate", "p99")
            ]
            if any(found):
                figures = [NOTHING if figure is None else f"{figure:.2f}" for figure in found]
                lines.append([workloads()[model].title, now, *figures])
    return table(header, lines) if lines else ""


def _headings(options: Options, model: str) -> list[str]:
    return [count(number, "connection") for number in options.connections_of(model)]


def _measured(results: Results, model: str) -> list[tuple[str, str]]:
    seen = {key for name, _, key in results.samples if name == model}
    return [(system.key, system.title) for system in of_model(model) if system.key in seen]


def _spread(row: Row | None) -> str:
    if row is None:
        return NOTHING
    if row.errors:
        return INVALID
    one = row.low == row.high
    return f"{row.ratio:.2f}" if one else f"{row.ratio:.2f} ({row.low:.2f}-{row.high:.2f})"
