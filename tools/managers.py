"""uv, Poetry and PDM, each in a virtual environment of its own below `.cache/`; nothing global."""

import fcntl
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".cache" / "tools"

REQUIREMENTS = {
    "uv": ["uv>=0.13,<1"],
    "poetry": ["poetry>=2.2,<3"],
    "pdm": ["pdm[locked]>=2.29,<3"],
}
INSTALL = {"uv": ["uv", "sync"], "poetry": ["poetry", "install"], "pdm": ["pdm", "install"]}

# Would lead a manager out of the project's own environment, or change the service's settings.
_MISLEADING = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "UV_", "POETRY_", "PDM_", "CONDA_")


def environment(*managers: str, base: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment in which these managers, and no misleading variables, are found.

    Args:
        managers: Of `uv`, `poetry`, `pdm`; installed first if they are missing.
        base: The environment to start from, by default the one of this process.
    """
    variables = dict(os.environ if base is None else base)
    for name in [name for name in variables if name.startswith(_MISLEADING)]:
        del variables[name]
    search = [str(ensure(manager)) for manager in managers]
    # The Python that runs this is found first. Not by UV_PYTHON: with it, `uv pip install` would
    # leave the project's environment and write into that Python.
    search.append(str(Path(_base_python()).parent))
    own = str(Path(sys.prefix) / "bin")
    search += [folder for folder in variables["PATH"].split(os.pathsep) if folder != own]
    variables["PATH"] = os.pathsep.join(search)
    variables["PDM_CHECK_UPDATE"] = "false"
    variables["POETRY_VIRTUALENVS_IN_PROJECT"] = "true"
    if "pdm" in managers and "uv" in managers:
        variables["PDM_USE_UV"] = "true"
    if index := _configured_index():
        variables |= {"UV_DEFAULT_INDEX": index, "PDM_PYPI_URL": index}
    if "poetry" in managers and (mirror := _poetry_mirror()):
        variables["POETRY_PYPI_MIRROR_URL"] = mirror
    return variables


def ensure(manager: str) -> Path:
    """Install a manager if it is missing, and return the folder of its command."""
    requirements = list(REQUIREMENTS[manager])
    if manager == "poetry" and _poetry_mirror():
        requirements.append("poetry-plugin-pypi-mirror>=0.6,<1")
    return ensure_environment(TOOLS / manager, requirements)


def ensure_environment(folder: Path, requirements: list[str]) -> Path:
    """Create a virtual environment that has these requirements; return its folder of commands."""
    folder.mkdir(parents=True, exist_ok=True)
    with Path(f"{folder}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in several processes
        _install(folder, requirements)
    return folder / "bin"


def _install(folder: Path, requirements: list[str]) -> None:
    stamp = folder / "installed.txt"
    wanted = "\n".join([sys.version, *requirements])
    if not stamp.is_file() or stamp.read_text("utf-8") != wanted:
        print(f"Installing {', '.join(requirements)} …", file=sys.stderr, flush=True)
        subprocess.run([_base_python(), "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, *requirements], check=True)
        stamp.write_text(wanted, "utf-8")


def _base_python() -> str:
    return str(getattr(sys, "_base_executable", sys.executable))


@cache
def _configured_index() -> str | None:
    """Return the package index that pip is configured to use instead of the default one."""
    if index := os.environ.get("PIP_INDEX_URL"):
        return index
    pip = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    return done.stdout.strip() or None


@cache
def _poetry_mirror() -> str | None:
    """Return the index for Poetry: the configured one, or one without the JSON API."""
    if index := _configured_index():
        return index
    code = (
        "import pip; from pip._internal.models.index import PyPI as index;"
        "print(index.simple_url, f'{index.pypi_url}/pip/{pip.__version__}/json')"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    default, release = done.stdout.split()
    try:
        with urllib.request.urlopen(release, timeout=30):
            return None
    except urllib.error.HTTPError:
        return f"{default}/"
    except OSError:
        return None  # no network: Poetry will report it
