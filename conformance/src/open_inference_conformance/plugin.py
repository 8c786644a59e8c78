"""The pytest plugin of the suite: options, fixtures, reasons to skip."""

from collections.abc import Callable
from typing import Any

import pytest

from open_inference_conformance.comparison import difference
from open_inference_conformance.example import Example
from open_inference_conformance.report import Report
from open_inference_conformance.response import InferenceResponse
from open_inference_conformance.start import StartError, find_example
from open_inference_conformance.statements import Statement, load
from open_inference_conformance.subject import Subject

STATEMENTS = pytest.StashKey[dict[str, Statement]]()
SUBJECT = pytest.StashKey[Subject]()
EXAMPLE = pytest.StashKey[Example]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that the command passes on."""
    group = parser.getgroup("conformance")
    for name in ("url", "model", "model-version", "request", "results", "also"):
        group.addoption(f"--{name}", default="")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Try the server before the first test: one error instead of a hundred."""
    option = session.config.getoption
    subject = Subject(option("url").rstrip("/"), option("model"), option("model_version"))
    try:
        statements = load(option("also"))
        session.config.stash[EXAMPLE] = find_example(subject, option("request"))
    except (StartError, ValueError) as exc:
        raise pytest.UsageError(str(exc)) from exc
    session.config.stash[SUBJECT] = subject
    session.config.stash[STATEMENTS] = statements
    session.config.pluginmanager.register(Report(statements, subject, option("results")))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark each test with the level of its statement, for `-m required`."""
    statements = config.stash[STATEMENTS]
    for item in items:
        marker = item.get_closest_marker("statement")
        if marker is None or marker.args[0] not in statements:
            wrong = f"no statement {marker.args[0]!r} is listed" if marker else "no statement"
            raise pytest.UsageError(f"{item.nodeid}: {wrong}; mark it with statement(id)")
        level = statements[marker.args[0]].level
        if level != "extension":
            item.add_marker(level)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip tests of extensions that the server does not claim."""
    subject = item.config.stash[SUBJECT]
    subject.exchange = []
    for marker in item.iter_markers("extension"):
        if marker.args[0] not in subject.extensions:
            pytest.skip(f"the server does not claim {marker.args[0]}")


@pytest.fixture(scope="session")
def subject(pytestconfig: pytest.Config) -> Subject:
    """Return the server and the model under test."""
    return pytestconfig.stash[SUBJECT]


@pytest.fixture(scope="session")
def example(pytestconfig: pytest.Config) -> Example:
    """Return a request that the model accepts."""
    return pytestconfig.stash[EXAMPLE]


@pytest.fixture(scope="module")
def exchanges() -> dict[tuple[str, str], Any]:
    """Return requests and responses by name and case, which several tests share."""
    return {}


@pytest.fixture(scope="session")
def deterministic(subject: Subject, example: Example) -> bool:
    """Return whether responses can be compared by their values."""
    return subject.is_deterministic(example)


@pytest.fixture
def same(deterministic: bool) -> Callable[[InferenceResponse, InferenceResponse], None]:
    """Return a function that compares two responses; values only if the model is deterministic."""

    def compare(response: InferenceResponse, expected: InferenceResponse) -> None:
        found = difference(response, expected, values=deterministic)
        assert not found, f"expected the same response as to plain JSON; {found}"

    return compare


@pytest.fixture
def version(subject: Subject) -> str:
    """Return a version that can be requested; skip models without versions."""
    if not subject.versions:
        pytest.skip("the model lists no versions")
    return str(subject.versions[0])


@pytest.fixture
def several_inputs(example: Example) -> None:
    """Skip models of one input."""
    if len(example.inputs) < 2:
        pytest.skip("the model has one input")


@pytest.fixture
def outputs(subject: Subject, example: Example) -> list[str]:
    """Return the names of the outputs in a response."""
    return list(subject.infer(example.body()).outputs)


@pytest.fixture
def several_outputs(outputs: list[str]) -> list[str]:
    """Return the names of the outputs; skip models of one output."""
    if len(outputs) < 2:
        pytest.skip("the model has one output")
    return outputs
