"""A service as a stranger has it: another model, which takes long to import; ours is deleted."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

FILES = Path(__file__).parent / "files"
collect_ignore_glob = ["files/*"]
PRESETS = ("production", "minimal")
CONFIG = ("implementation: dummy_model:DummyModel", "implementation: ships_model:ShipCounter")

Make = Callable[..., str]


@pytest.fixture(scope="module", params=PRESETS)
def strangers(request, render) -> Path:
    """A render of which the keyword model and its test are deleted, as the tutorial says."""
    project = render(preset=request.param)
    (project / "src/models/dummy_model.py").unlink()
    (project / "tests/unit/models/test_dummy_model.py").unlink()
    shutil.copy(FILES / "ships_model.py", project / "src/models")
    shutil.copy(FILES / "test_ships_model.py", project / "tests/unit/models")
    config = project / "configs/config.yaml"
    text = config.read_text("utf-8")
    assert text.count(CONFIG[0]) == 1
    config.write_text(text.replace(*CONFIG), "utf-8")
    return project


@pytest.fixture(scope="module")
def variables(commands) -> Callable[[float], dict[str, str]]:
    """Environment variables in which an import of the model takes so many seconds."""

    def give(import_s: float) -> dict[str, str]:
        path = f"{commands}{os.pathsep}{os.environ['PATH']}"
        return {"PATH": path, "SHIPS_IMPORT_S": str(import_s), "HOME": os.environ.get("HOME", "/")}

    return give


@pytest.fixture(scope="module")
def sh(strangers, variables) -> Make:
    """Run a command of the project's CI in a shell, in the environment that all renders share."""

    def run(command: str, import_s: float, **more: str) -> str:
        # `make` would look for the project's own environment.
        done = subprocess.run(
            ["bash", "-euc", command],
            cwd=strangers,
            env={**variables(import_s), "MAKEFLAGS": "RUN=", **more},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"$ {command}\n{done.stdout[-20_000:]}{done.stderr[-5_000:]}"
        return done.stdout

    return run
