"""A system to measure: a server of one kind."""

from dataclasses import dataclass, field

from benchmarks.serving.formats import PLAIN, Format

CLASSIC = ("keyword", "tfidf", "onnx")


@dataclass(frozen=True)
class System:
    """A server, and how it is started.

    In the command and the variables, `{bin}`, `{port}`, `{artifact}` and `{free}`, any port, are
    filled in.
    """

    key: str
    title: str
    family: str
    """Variants of one family count as one system where systems are compared."""
    environment: str
    command: tuple[str, ...]
    variables: dict[str, str] = field(default_factory=dict)
    format: Format = PLAIN
    models: tuple[str, ...] = CLASSIC
    folder: str = ""
    """Below benchmarks/peers/; empty: the rendered service."""
    answers: str = ""
    """The answers with which the service is rendered, as JSON."""
    before: bool = False
    """Whether an earlier release of the template renders it."""
    apart: bool = False
    """Whether its idle processes use so much that it is measured with the baseline alone."""
