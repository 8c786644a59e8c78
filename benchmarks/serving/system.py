"""What is measured: a server of one kind."""

from dataclasses import dataclass, field

from benchmarks.serving.wires import PLAIN, Wire


@dataclass(frozen=True)
class System:
    """A server, and how it is started; `{bin}`, `{port}` and `{free}`, any port, are filled in."""

    key: str
    title: str
    family: str
    """Variants of one family stand for one system where systems are compared."""
    environment: str
    command: tuple[str, ...]
    variables: dict[str, str] = field(default_factory=dict)
    wire: Wire = PLAIN
    models: tuple[str, ...] = ("keyword", "tfidf", "onnx")
    folder: str = ""
    """Below benchmarks/peers/; empty: the rendered service."""
    answers: str = ""
    """What the rendered service is rendered with, as JSON."""
    apart: bool = False
    """Whether its idle processes take so much that it is measured with the baseline alone."""
