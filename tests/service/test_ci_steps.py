"""Steps of a rendered CI job, run as CI runs them, with models that are not the keyword model."""

import shutil
import subprocess
import sys

import pytest

from tests.support.ci import steps, write_docker
from tools.service import running

HEAD = """
from typing import Any, ClassVar

from pydantic import BaseModel

from .base import Model


class Flat(BaseModel):
    area: float


class StrangerModel(Model):
    model_name: ClassVar[str] = "stranger"
    version: ClassVar[str] = "9.0.0"
"""
NUMBERS = """
    example: ClassVar[list[float]] = [1.0, 2.0]

    def predict(self, input_data: list[float]) -> float:
        return sum(input_data)
"""
FIELDS = """
    example: ClassVar[Flat] = Flat(area=70)

    def predict(self, input_data: Flat) -> dict[str, float]:
        return {"price": input_data.area}
"""
OPTIONAL = """
    example: ClassVar[int] = 3

    def predict(self, input_data: int | None) -> int:
        return (input_data or 0) + 1
"""
NO_EXAMPLE = """
    def predict(self, input_data: Flat) -> float:
        raise RuntimeError("nobody knows what this takes")
"""
FAILS_LATER = """
    example: ClassVar[int] = 3
    calls = 0

    def predict(self, input_data: int) -> int:
        self.calls += 1
        return 1 if self.calls == 1 else 1 // 0
"""
MODELS = {"numbers": NUMBERS, "fields": FIELDS, "optional": OPTIONAL, "no example": NO_EXAMPLE}


@pytest.fixture
def step(render, commands, tmp_path):
    """Return a function that serves a model and runs the step that sends requests to the image."""
    project = tmp_path / "project"
    shutil.copytree(render(), project)

    def run(model):
        (project / "src/models/stranger_model.py").write_text(HEAD + model)
        path = f"{tmp_path}:{commands}:/usr/bin:/bin"
        env = {"PATH": path, "MODEL__IMPLEMENTATION": "stranger_model:StrangerModel"}
        command = [str(commands / "python"), "src/main.py"]
        with running(command, cwd=project, env=env, log=tmp_path / "log") as service:
            script = asking(project).replace("http://127.0.0.1:8000", service.url)
            return subprocess.run(
                ["bash", "-e", "-c", script],
                cwd=project,
                env={"PATH": path},
                capture_output=True,
                text=True,
                check=False,
            )

    write_docker(tmp_path)
    return run


def asking(project):
    (script,) = [script for script in steps(project, "image") if "docker run" in script]
    return script


@pytest.mark.parametrize("name", MODELS)
def test_image_job_is_green_for_a_model_that_takes_no_text(name, step):
    done = step(MODELS[name])
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"stranger"' in done.stdout
    asked = done.stdout.count("/predict: ")
    assert asked == (name != "no example"), done.stdout


def test_image_job_is_red_when_the_model_fails_on_its_own_example(step):
    done = step(FAILS_LATER)
    assert done.returncode == 1
    assert "/predict: 500" in done.stderr


def test_smoke_test_ends_with_a_reason_where_nothing_listens(render):
    script = render() / "scripts/smoke_test.py"
    command = [sys.executable, script, "http://127.0.0.1:9", "0.1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "/ready: no response" in done.stdout
    assert "Traceback" not in done.stderr
