"""The report: a few lines for each failure, and a summary."""

import json
import traceback
from collections import Counter, defaultdict
from pathlib import Path
from textwrap import fill
from typing import Any

import pytest

from open_inference_conformance.statements import Statement
from open_inference_conformance.subject import Subject

FOLDER = Path(__file__).parent
SHOWN = 3
"""Number of failures of one statement that are printed; the others are counted."""


class Report:
    """Collect the outcome of each statement."""

    def __init__(self, statements: dict[str, Statement], subject: Subject, results: str) -> None:
        """Set the statements, the subject whose last exchange is shown, and the results file."""
        self.statements = statements
        self.subject = subject
        self.results = results
        self.held: set[str] = set()
        self.failures: dict[str, list[str]] = defaultdict(list)
        self.skips: dict[str, str] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
        """Record the outcome of the test's statement."""
        report = yield
        marker = item.get_closest_marker("statement")
        assert marker is not None
        name = marker.args[0]
        if report.failed and call.excinfo:
            self.failures[name].append(self._failure(item, call.excinfo.value))
        elif report.skipped and call.excinfo:
            self.skips[name] = str(getattr(call.excinfo.value, "msg", call.excinfo.value))
        elif report.when == "call":
            self.held.add(name)
        return report

    def _failure(self, item: pytest.Item, error: BaseException) -> str:
        case = item.name.partition("[")[2].rstrip("]")
        message = _message(error, item.path)
        lines = [f"{case}: {message}" if case else message]
        lines += [f"> {request}" for request in self.subject.exchange[:1]]
        lines += [f"< {response}" for response in self.subject.exchange[1:]]
        return "\n".join(lines)

    def outcome(self, name: str) -> str:
        """Return `fails`, `holds` or `skipped`; empty if the statement was not selected."""
        if name in self.failures:
            return "fails"
        return "holds" if name in self.held else "skipped" if name in self.skips else ""

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print failures and the summary, and write the results."""
        for report in terminalreporter.getreports("error"):  # a test file that cannot be imported
            lines = report.longreprtext.splitlines()
            errors = [line.removeprefix("E").strip() for line in lines if line.startswith("E ")]
            terminalreporter.write_line(f"✗ {report.nodeid}: {' '.join(errors or lines[-1:])}")
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
        """Return the lines of the summary: what holds, was skipped, and does not hold."""
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


def _message(error: BaseException, test: Path) -> str:
    """Return the message of an assertion; of another exception also its place in the suite."""
    if isinstance(error, AssertionError) and str(error):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    files = [Path(frame.filename) for frame in frames]
    ours = [i for i, file in enumerate(files) if file == test or FOLDER in file.parents]
    place = ours[-1] if ours else -1
    message = f"{type(error).__name__}: {error}".splitlines()[0]
    return f"{message} ({files[place].name}:{frames[place].lineno})"
