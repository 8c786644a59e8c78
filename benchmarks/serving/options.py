"""The command line."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving.catalogue import BASELINE, BEFORE, OURS, systems
from benchmarks.serving.workload import workloads
from tools.template import releases


@dataclass(frozen=True)
class Options:
    """Systems, models and durations of a run."""

    models: list[str]
    systems: list[str]
    connections: list[int]
    rounds: int
    seconds: int
    output: Path | None
    before: str
    short: bool


def parse() -> Options:
    """Read the command line."""
    models, keys = list(workloads()), [s.key for s in systems() if not s.before]
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.serving", epilog=f"Systems: {', '.join(keys)}."
    )
    parser.add_argument("--models", default=",".join(models), metavar="keyword,onnx")
    parser.add_argument("--systems", default=",".join(keys), metavar="ours,ray", help="see below")
    parser.add_argument("--connections", default="1,16,64", metavar="1,64")
    parser.add_argument("--rounds", type=int, choices=range(1, 101), default=5, metavar="N")
    parser.add_argument("--seconds", type=int, choices=range(1, 61), default=2, metavar="N")
    parser.add_argument("--output", type=Path, metavar="PAGE.md", help="write page and plot")
    parser.add_argument(
        "--before", default="", choices=[*releases()], help="measure this release of ours, too"
    )
    parser.add_argument("--short", action="store_true", help="a run of one minute, for CI")
    given = parser.parse_args()
    if given.short:
        return Options(["keyword"], [BASELINE, OURS], [64], 1, 1, given.output, "", short=True)
    connections = [int(text) for text in given.connections.split(",") if text.isdigit()]
    if not connections or not all(1 <= number <= 1000 for number in connections):
        parser.error("--connections: give numbers from 1 to 1000, such as 1,16,64")
    chosen = _chosen(parser, "--systems", f"{BASELINE},{given.systems}", keys)
    return Options(
        _chosen(parser, "--models", given.models, models),
        chosen + [before for now, before in BEFORE.items() if given.before and now in chosen],
        connections, given.rounds, given.seconds, given.output, given.before, short=False,
    )  # fmt: skip


def _chosen(
    parser: argparse.ArgumentParser, option: str, given: str, known: list[str]
) -> list[str]:
    """Return what is chosen, in the order of what is known."""
    names = set(given.split(","))
    if unknown := names - set(known):
        parser.error(f"{option}: unknown {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    return [name for name in known if name in names]
