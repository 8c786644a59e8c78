"""A virtual environment for each system, below `.cache/bench/`."""

import json
import subprocess
import tomllib
from functools import cache
from pathlib import Path

from tools.managers import ROOT, ensure_environment

FOLDER = ROOT / ".cache" / "bench"
MODEL_LIBRARIES = [
    "numpy>=2,<3", "onnxruntime>=1.32,<2", "scikit-learn>=1.9,<2", "pillow>=13,<14",
    "httpx2>=2.16,<3", "aiohttp>=3.14,<4",
]  # fmt: skip
FASTAPI = "fastapi"  # the rendered service, bare FastAPI, Starlette and plain ASGI share one
ARTIFACTS = "artifacts"
REQUIREMENTS = {
    ARTIFACTS: ["onnx>=1.23,<2"],
    "litserve": ["litserve>=0.2.19,<0.3", "python-multipart>=0.0.34,<0.1"],
    "bentoml": ["bentoml>=1.4.39,<1.5"],
    "mlserver": ["mlserver>=1.7.1,<2"],
    "ray": ["ray[serve]>=2.60,<3"],
}
SHOWN = (
    "fastapi", "starlette", "uvicorn", "uvloop", "httptools", "pydantic",
    "litserve", "bentoml", "mlserver", "ray", "onnxruntime", "scikit-learn", "numpy", "pillow",
    "httpx2", "aiohttp",
)  # fmt: skip

_VERSIONS = """
import importlib.metadata as metadata, json
print(json.dumps({d.name.lower(): d.version for d in metadata.distributions()}))
"""


def ensure(name: str, project: Path) -> Path:
    """Create an environment if it is missing, and return its folder of commands.

    Args:
        name: Of `REQUIREMENTS`, or `FASTAPI`.
        project: A rendered service, whose dependencies `FASTAPI` includes.

    Raises:
        RuntimeError: It cannot be installed.
    """
    try:
        requirements = REQUIREMENTS[name] if name in REQUIREMENTS else dependencies(project)
        commands = ensure_environment(FOLDER / name, [*requirements, *MODEL_LIBRARIES])
    except subprocess.CalledProcessError as exc:
        raise RuntimeError(f"pip could not install the environment of {name}") from exc
    _read_once(commands.parent)
    return commands


@cache
def _read_once(folder: Path) -> None:
    """Read all files into memory, so that a cold start does not measure the disk."""
    for file in folder.rglob("*"):
        if file.is_file():
            file.read_bytes()


def dependencies(project: Path) -> list[str]:
    """Return the dependencies of a rendered service."""
    declared = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    return list(declared["project"]["dependencies"])


@cache
def versions(commands: Path) -> dict[str, str]:
    """Return the version of each package of an environment."""
    command = [str(commands / "python"), "-c", _VERSIONS]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))
