"""Options, fixtures, and what a test is skipped for."""

from collections.abc import Callable
from typing import Any

import pytest

from conformance.answer import Answer
from conformance.comparison import difference
from conformance.example import Example
from conformance.report import Report
from conformance.start import StartError, find_example
from conformance.statements import load
from conformance.subject import Subject

STATEMENTS = load()
SUBJECT = pytest.StashKey[Subject]()
EXAMPLE = pytest.StashKey[Example]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take what `python -m conformance` hands on."""
    group = parser.getgroup("conformance")
    for name in ("url", "model", "model-version", "request", "results"):
        group.addoption(f"--{name}", default="")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Look at the server before the first test, so that there is one error and not a hundred."""
    option = session.config.getoption
    subject = Subject(option("url").rstrip("/"), option("model"), option("model_version"))
    try:
        session.config.stash[EXAMPLE] = find_example(subject, option("request"))
    except StartError as exc:
        raise pytest.UsageError(str(exc)) from exc
    session.config.stash[SUBJECT] = subject
    session.config.pluginmanager.register(Report(STATEMENTS, subject, option("results")))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test its statement's level as a marker, for `-m required`."""
    for item in items:
        marker = item.get_closest_marker("statement")
        assert marker is not None, f"{item.name} holds no statement"
        level = STATEMENTS[marker.args[0]].level
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
    """The server and the model."""
    return pytestconfig.stash[SUBJECT]


@pytest.fixture(scope="session")
def example(pytestconfig: pytest.Config) -> Example:
    """A request that the model accepts."""
    return pytestconfig.stash[EXAMPLE]


@pytest.fixture(scope="module")
def exchanges() -> dict[tuple[str, str], Any]:
    """What was sent and answered, by name and case: sent once, judged by several tests."""
    return {}


@pytest.fixture(scope="session")
def deterministic(subject: Subject, example: Example) -> bool:
    """Whether answers can be compared by their values."""
    return subject.is_deterministic(example)


@pytest.fixture
def same(deterministic: bool) -> Callable[[Answer, Answer], None]:
    """Compare two answers: names, shapes, datatypes, and values if the model is deterministic."""

    def compare(answer: Answer, expected: Answer) -> None:
        found = difference(answer, expected, values=deterministic)
        assert not found, f"expected the same answer as to plain JSON; {found}"

    return compare


@pytest.fixture
def version(subject: Subject) -> str:
    """A version that can be requested."""
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
    """The names of the outputs, as an answer has them."""
    return list(subject.answer(example.body()).outputs)


@pytest.fixture
def several_outputs(outputs: list[str]) -> list[str]:
    """The names of the outputs; skips models of one."""
    if len(outputs) < 2:
        pytest.skip("the model has one output")
    return outputs
