"""Renders that fetch artifacts pass their own checks, with the libraries that they name."""

import subprocess

import pytest

from tests.support.variants import LAYOUTS

VARIANTS = {
    "object_stores alone": {"features": ["object_stores"]},
    "hugging_face alone": {"features": ["hugging_face"]},
    "both, named_package": {
        "features": ["object_stores", "hugging_face"],
        **LAYOUTS["named_package"],
    },
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_code_is_clean(render, commands, variant):
    project = render(**VARIANTS[variant])
    for check in ("ruff format --check .", "ruff check .", "mypy", "lint-imports"):
        name, *arguments = check.split()
        done = subprocess.run(
            [commands / name, *arguments],
            cwd=project,
            env={"PATH": f"{commands}:/usr/bin:/bin", "PYTHONPATH": str(project / "src")},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{check}\n{done.stdout}{done.stderr}"
