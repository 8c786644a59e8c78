"""The command line."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving.catalogue import systems
from benchmarks.serving.catalogue.keys import BASELINE, BEFORE, OURS
from benchmarks.serving.workload import workloads
from tools.template import releases


@dataclass(frozen=True)
class Options:
    """Systems, models and durations of a run."""

    models: list[str]
    systems: list[str]
    connections: list[int]
    """Empty: those of each model."""
    rounds: int
    seconds: int
    output: Path | None
    before: str
    short: bool

    def connections_of(self, model: str) -> list[int]:
        """Return the numbers of connections at which a model is measured."""
        return self.connections or [*workloads()[model].connections]


def parse() -> Options:
    """Read the command line."""
    models = list(workloads())
    keys = list(dict.fromkeys(system.key for system in systems() if not system.before))
    known = f"Models: {', '.join(models)}. Systems: {', '.join(keys)}."
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", epilog=known)
    parser.add_argument("--models", default=",".join(models), metavar="keyword,image")
    parser.add_argument("--systems", default=",".join(keys), metavar="ours,ray", help="see below")
    parser.add_argument("--connections", metavar="1,64", help="by default those of each model")
    parser.add_argument("--rounds", type=int, choices=range(1, 101), default=5, metavar="N")
    parser.add_argument("--seconds", type=int, choices=range(1, 61), default=2, metavar="N")
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="write pages and plots")
    parser.add_argument(
        "--before", default="", choices=[*releases()], help="measure this release of ours, too"
    )
    parser.add_argument("--short", action="store_true", help="a run of one minute, for CI")
    given = parser.parse_args()
    if given.short:
        return Options(["keyword"], [BASELINE, OURS], [64], 1, 1, given.output, "", short=True)
    chosen = _chosen(parser, "--systems", f"{BASELINE},{given.systems}", keys)
    return Options(
        _chosen(parser, "--models", given.models, models),
        chosen + [before for now, before in BEFORE.items() if given.before and now in chosen],
        _numbers(parser, given.connections), given.rounds, given.seconds, given.output,
        given.before, short=False,
    )  # fmt: skip


def _numbers(parser: argparse.ArgumentParser, given: str | None) -> list[int]:
    """Return the numbers of connections; none if none are given."""
    numbers = [int(text) for text in (given or "").split(",") if text.isdigit()]
    if not all(1 <= number <= 1000 for number in numbers) or (given is not None and not numbers):
        parser.error("--connections: give numbers from 1 to 1000, such as 1,16,64")
    return numbers


def _chosen(
    parser: argparse.ArgumentParser, option: str, given: str, known: list[str]
) -> list[str]:
    """Return what is chosen, in the order of what is known."""
    names = set(given.split(","))
    if unknown := names - set(known):
        parser.error(f"{option}: unknown {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    return [name for name in known if name in names]
