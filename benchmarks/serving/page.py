"""The page of the documentation, and the plot that it shows."""

import platform
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.serving import machine, plot, tables
from benchmarks.serving.options import Options
from benchmarks.serving.progress import say
from benchmarks.serving.results import Results
from tools.template import releases


def write(options: Options, results: Results) -> None:
    """Write both."""
    assert options.output
    text = Path(__file__).with_name("page.md").read_text("utf-8")
    versions = [
        f"- {environment}: " + ", ".join(f"{name} {version}" for name, version in found.items())
        for environment, found in results.versions.items()
    ]
    rounds = f"{options.rounds} round{'s' if options.rounds > 1 else ''}"
    content = text.format(
        date=datetime.now(UTC).date(),
        release=f"release {[*releases()][-1]} and what came after it",
        machine=machine.about(),
        python=platform.python_version(),
        rounds=rounds,
        seconds=options.seconds,
        plot=options.output.with_suffix(".svg").name,
        tables=tables.everything(options, results),
        versions="\n".join(versions),
    )
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(content, "utf-8")
    options.output.with_suffix(".svg").write_text(plot.draw(options, results), "utf-8")
    say(f"Written to {options.output}")
