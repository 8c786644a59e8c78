"""What is printed: failures in a few lines each, and at the end what holds."""

import json
import traceback
from collections import Counter, defaultdict
from pathlib import Path
from textwrap import fill
from typing import Any

import pytest

from conformance.statements import Statement
from conformance.subject import Subject

FOLDER = Path(__file__).parent
SHOWN = 3
"""Failures of one statement that are printed; the others are counted."""


class Report:
    """Collects the outcome of each statement."""

    def __init__(self, statements: dict[str, Statement], subject: Subject, results: str) -> None:
        """Take the list, the subject whose last exchange is shown, and a file for the results."""
        self.statements = statements
        self.subject = subject
        self.results = results
        self.held: set[str] = set()
        self.failures: dict[str, list[str]] = defaultdict(list)
        self.skips: dict[str, str] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
        """Note the outcome under the test's statement."""
        report = yield
        marker = item.get_closest_marker("statement")
        assert marker is not None
        name = marker.args[0]
        if report.failed and call.excinfo:
            self.failures[name].append(self._told(item, call.excinfo.value))
        elif report.skipped and call.excinfo:
            self.skips[name] = str(getattr(call.excinfo.value, "msg", call.excinfo.value))
        elif report.when == "call":
            self.held.add(name)
        return report

    def _told(self, item: pytest.Item, error: BaseException) -> str:
        case = item.name.partition("[")[2].rstrip("]")
        lines = [f"{case}: {_said(error)}" if case else _said(error)]
        lines += [
            f"{mark} {told}" for mark, told in zip(">", self.subject.exchange[:1], strict=False)
        ]
        lines += [f"< {told}" for told in self.subject.exchange[1:]]
        return "\n".join(lines)

    def outcome(self, name: str) -> str:
        """Give `fails`, `holds`, `skipped` or, if it was not selected, nothing."""
        if name in self.failures:
            return "fails"
        return "holds" if name in self.held else "skipped" if name in self.skips else ""

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print failures and the summary, and write the results."""
        for name, failures in sorted(self.failures.items(), key=self._place):
            terminalreporter.write_line("")
            terminalreporter.write_line(self._heading(name), red=True)
            for failure in failures[:SHOWN]:
                terminalreporter.write_line("  " + failure.replace("\n", "\n    "))
            if len(failures) > SHOWN:
                terminalreporter.write_line(f"  … and {len(failures) - SHOWN} more like these")
        terminalreporter.write_line("")
        for line in self.summary():
            terminalreporter.write_line(line)
        if self.results:
            Path(self.results).write_text(json.dumps(self._results(), indent=2) + "\n", "utf-8")

    def _place(self, failure: tuple[str, object]) -> int:
        return list(self.statements).index(failure[0])

    def _heading(self, name: str) -> str:
        statement = self.statements[name]
        about = f"{statement.level}; {statement.source}"
        return fill(f"✗ {name} ({about}) {statement.text}", 110, subsequent_indent="  ")

    def summary(self) -> list[str]:
        """Say how many statements hold, which were skipped for what, and which do not hold."""
        outcomes = {name: self.outcome(name) for name in self.statements}
        run = [name for name, outcome in outcomes.items() if outcome]
        counts = Counter(outcomes.values())
        applying = counts["holds"] + counts["fails"]
        lines = [f"{counts['holds']} of {applying} statements that apply hold."]
        reasons: dict[str, list[str]] = defaultdict(list)
        for name in run:
            if outcomes[name] == "skipped":
                reasons[self.skips[name]].append(name)
        lines += [
            fill(f"{len(names)} skipped, {reason}: {', '.join(names)}", 110,
                 subsequent_indent="  ", break_on_hyphens=False)
            for reason, names in reasons.items()
        ]  # fmt: skip
        if failing := [name for name in run if outcomes[name] == "fails"]:
            lines.append(f"{len(failing)} {'does' if len(failing) == 1 else 'do'} not hold:")
            lines += [f"  {name} ({self.statements[name].level})" for name in failing]
        return lines

    def _results(self) -> dict[str, Any]:
        return {
            name: {
                "outcome": outcome,
                "failures": self.failures.get(name, []),
                "skipped": self.skips.get(name, "") if outcome == "skipped" else "",
            }
            for name in self.statements
            if (outcome := self.outcome(name))
        }


def _said(error: BaseException) -> str:
    """Give the message of an assertion; of anything else also where in the test it came from."""
    if isinstance(error, AssertionError) and str(error):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    place = next((f for f in reversed(frames) if Path(f.filename).parent == FOLDER), frames[-1])
    said = f"{type(error).__name__}: {error}".splitlines()[0]
    return f"{said} ({Path(place.filename).name}:{place.lineno})"
