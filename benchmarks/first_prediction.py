"""`make bench`: seconds from `copier copy` to the first prediction, per package manager.

Every project is installed and started for real, on 127.0.0.1, once with an empty package cache and
once with the cache that this filled. For comparison: a generator that needs no account, no
database and no container to start.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks.subjects import PEER, PEER_NEEDS, Seconds, isolated, run_peer, run_template, say
from tools.managers import REQUIREMENTS, environment

MANAGERS = [*REQUIREMENTS, "pdm+uv"]  # PDM with uv as its resolver and installer
PEER_NAME = PEER.partition("==")[0]


class Row(NamedTuple):
    """A line of the table: the system, its manager, its cache, and its runs."""

    project: str
    manager: str
    cache: str
    runs: list[Seconds]


def main() -> None:
    """Measure what the options select, print the table, write the page."""
    options = parse()
    peer = not options.no_peer and sys.version_info >= PEER_NEEDS
    if not options.no_peer and not peer:
        say(f"{PEER} is left out, it needs a newer Python: make clean bench PYTHON=python3.13")
    subjects = [("this template", manager) for manager in options.managers]
    subjects += [(PEER_NAME, "uv")] if peer else []
    used = sorted({name for _, manager in subjects for name in manager.split("+")})
    try:
        versions = [f"copier {metadata.version('copier')}", *map(version, used)]
        rows = [row for subject in subjects for row in measure(*subject, options.rounds)]
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        sys.exit(f"\n{error}")
    print(f"\n{table(rows)}")
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(page(rows, versions, options.rounds), "utf-8")
        print(f"\nWritten to {options.output}")


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.first_prediction")
    parser.add_argument("--managers", default=",".join(MANAGERS), metavar="uv,pdm")
    parser.add_argument("--rounds", type=int, choices=range(1, 21), default=1, metavar="N")
    parser.add_argument("--no-peer", action="store_true", help=f"leave out {PEER}")
    parser.add_argument("--output", type=Path, help="write the page here as well")
    options = parser.parse_args()
    options.managers = options.managers.split(",")
    if unknown := set(options.managers) - set(MANAGERS):
        parser.error(f"--managers: unknown {', '.join(sorted(unknown))}")
    return options


def measure(project: str, manager: str, rounds: int) -> list[Row]:
    """Run one subject with a cold and then a warm cache, in fresh folders; return two rows."""
    run = run_peer if project == PEER_NAME else run_template
    cold, warm = Row(project, manager, "cold", []), Row(project, manager, "warm", [])
    for _ in range(rounds):
        with TemporaryDirectory() as cache:
            for row in (cold, warm):
                with TemporaryDirectory() as folder:
                    env = isolated(manager, Path(cache))
                    say(f"{project}, {manager}, {row.cache} cache")
                    row.runs.append(run(manager, Path(folder), env))
                    say(f"  first response after {row.runs[-1].total:.1f} s")
    return [cold, warm]


def version(manager: str) -> str:
    """Return a package manager's name and version, as its `--version` prints them."""
    done = subprocess.run(
        [manager, "--version"], env=environment(manager), capture_output=True, text=True, check=True
    )
    found = re.search(r"\d[\w.]+", done.stdout)
    return f"{manager} {found[0] if found else done.stdout.strip()}"


def table(rows: list[Row]) -> str:
    """Render the rows as Markdown, each figure the median of its runs."""
    lines = ["| project | manager | cache | render | install | start | total |"]
    lines += ["| --- | --- | --- | ---: | ---: | ---: | ---: |"]
    for row in rows:
        phases = [median(phase) for phase in zip(*row.runs, strict=True)]
        figures = [*phases, median(run.total for run in row.runs)]
        cells = [row.project, row.manager, row.cache, *(f"{figure:.1f}" for figure in figures)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def page(rows: list[Row], versions: list[str], rounds: int) -> str:
    """Render the page: the table, what it counts and what it was measured on."""
    text = (Path(__file__).parent / "first_prediction.md").read_text("utf-8")
    if PEER_NAME not in {row.project for row in rows}:
        text = "\n\n".join(part for part in text.split("\n\n") if "{peer}" not in part)
    machine = f"{os.cpu_count()} cores with a load of {os.getloadavg()[2]:.1f}"
    system = f"{platform.system()} {platform.machine()}"
    return text.format(
        date=datetime.now(UTC).date(),
        runs="one run each" if rounds == 1 else f"the median of {rounds} runs",
        about=", ".join([machine, system, f"Python {platform.python_version()}", *versions]),
        table=table(rows),
        peer=PEER.replace("==", " "),
    )


if __name__ == "__main__":
    main()
