"""Predictions within one process: identity, log lines, retries, warm-up, metrics."""

import subprocess
from pathlib import Path

import pytest

IN_PROCESS = sorted(Path(__file__).with_name("in_process").glob("test_*.py"))


@pytest.mark.parametrize("file", IN_PROCESS, ids=lambda file: file.stem)
def test_predictions_of_the_rendered_service(project, commands, file):
    options = ["-q", "-c", "/dev/null", "-p", "no:cacheprovider", "--confcutdir", file.parent]
    done = subprocess.run(
        [commands / "pytest", *options, file],
        cwd=project,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(project), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-10_000:] + done.stderr
