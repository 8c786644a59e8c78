"""Services that are installed for real: which, and what is known of each."""

from pathlib import Path
from typing import NamedTuple

# Backend, manager, preset and layout. Every backend is with every manager, but for those that need
# PyTorch, a gigabyte; every two other answers are together, but for Poetry with `minimal` and with
# `src_package`.
EXAMPLES = (
    "sklearn uv production src_package",
    "onnx poetry production named_package",
    "sklearn pdm minimal src_package",
    "mlflow uv minimal src_package",
    "mlflow poetry production named_package",
    "mlflow pdm production named_package",
)
OWN = (
    "onnx uv minimal named_package",
    "sklearn poetry production named_package",
    "onnx pdm production src_package",
)


class Installed(NamedTuple):
    """A service and its answers; `start` is the command of its manager, with its variables."""

    project: Path
    package: Path
    answers: dict[str, str]
    env: dict[str, str]
    start: list[str]
