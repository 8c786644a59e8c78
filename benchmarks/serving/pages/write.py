"""Write the pages whose models were measured."""

import platform
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from benchmarks.serving import acceptance, machine, plot, tables
from benchmarks.serving.acceptance.target import Target
from benchmarks.serving.catalogue.images import IMAGE
from benchmarks.serving.catalogue.upstream import MODELS as UPSTREAM
from benchmarks.serving.markdown import count
from benchmarks.serving.options import Options
from benchmarks.serving.progress import say
from benchmarks.serving.results import Results
from benchmarks.serving.system import CLASSIC
from tools.template import releases


class Page(NamedTuple):
    """A page; its text is the template of that name in this folder."""

    name: str
    models: tuple[str, ...]
    targets: Callable[[Results], list[Target]]


PAGES = (
    Page("serving", CLASSIC, acceptance.classic.targets),
    Page("images", IMAGE, acceptance.images.targets),
    Page("async", UPSTREAM, acceptance.upstream.targets),
)


def write(options: Options, results: Results) -> None:
    """Write each page that has a model which was measured, and its plot, into the folder."""
    assert options.output
    options.output.mkdir(parents=True, exist_ok=True)
    for page in PAGES:
        models = [name for name in options.models if name in page.models]
        if models:
            path = options.output / f"{page.name}.md"
            _write(page, path, replace(options, models=models), results)
            say(f"Written to {path}")


def _write(page: Page, path: Path, options: Options, results: Results) -> None:
    text = Path(__file__).with_name(path.name).read_text("utf-8")
    figures = path.with_suffix(".svg")
    content = text.format(
        date=datetime.now(UTC).date(),
        release=f"release {[*releases()][-1]} and what came after it",
        machine=machine.about(),
        python=platform.python_version(),
        rounds=count(options.rounds, "round"),
        seconds=options.seconds,
        plot=figures.name,
        tables=tables.everything(options, results),
        targets=acceptance.verdicts(page.targets(results)),
        versions=_versions(results),
    )
    path.write_text(content, "utf-8")
    figures.write_text(plot.draw(options, results), "utf-8")


def _versions(results: Results) -> str:
    return "\n".join(
        f"- {environment}: " + ", ".join(f"{name} {version}" for name, version in found.items())
        for environment, found in results.versions.items()
    )
