"""A bar chart, drawn as SVG by hand: throughput in relation to bare FastAPI, model by model."""

from html import escape

from benchmarks.serving.catalogue import of_model
from benchmarks.serving.catalogue.keys import BASELINE, OURS, PARSE_ONLY
from benchmarks.serving.options import Options
from benchmarks.serving.results import Results
from benchmarks.serving.workload import workloads

WIDTH, LEFT, RIGHT, BAR, GAP, TITLE = 720, 230, 60, 14, 6, 40
COLOURS = {"this template": "#00897b", "FastAPI": "#546e7a"}
OTHER = "#b0bec5"


def draw(options: Options, results: Results) -> str:
    """Return the chart at the highest number of connections of each model."""
    y, parts = 0, []
    for model in options.models:
        connections = max(options.connections_of(model))
        bars = _bars(results, model, connections)
        heading = f"{workloads()[model].title}, {connections} connections"
        parts.append(f'<text x="10" y="{y + 24}" font-weight="bold">{escape(heading)}</text>')
        y += TITLE
        scale = (WIDTH - LEFT - RIGHT) / max([ratio for *_, ratio in bars], default=1)
        line = LEFT + scale
        for title, colour, ratio in bars:
            parts += _bar(title, colour, ratio, y, scale)
            y += BAR + GAP
        top = y - len(bars) * (BAR + GAP)
        parts.append(
            f'<path d="M{line:.1f} {top - 4}V{y}" stroke="#37474f" stroke-dasharray="3 3"/>'
        )
    return _svg(parts, y + 12)


def _svg(parts: list[str], height: int) -> str:
    label = "Throughput in relation to bare FastAPI"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
            f' aria-label="{label}" font-family="sans-serif" font-size="12" fill="#263238">',
            '<rect width="100%" height="100%" fill="#ffffff"/>',
            *parts,
            "</svg>\n",
        ]
    )


def _bars(results: Results, model: str, connections: int) -> list[tuple[str, str, float]]:
    """Return name, colour and ratio of each system, without the rendered service's variants."""
    bars = []
    for system in of_model(model):
        variant = system.family == "this template" and system.key != OURS
        row = results.valid(model, connections, system.key)
        if row and not variant and system.key != PARSE_ONLY:
            title = system.title.replace("*", "").replace("`", "")
            title += " (= 1)" if system.key == BASELINE else ""
            bars.append((title, COLOURS.get(system.family, OTHER), row.ratio))
    return sorted(bars, key=lambda bar: -bar[2])


def _bar(title: str, colour: str, ratio: float, y: int, scale: float) -> list[str]:
    middle, width = y + BAR - 3, max(ratio * scale, 1)
    return [
        f'<text x="{LEFT - 8}" y="{middle}" text-anchor="end">{escape(title)}</text>',
        f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR}" fill="{colour}"/>',
        f'<text x="{LEFT + width + 5:.1f}" y="{middle}">{ratio:.2f}</text>',
    ]
