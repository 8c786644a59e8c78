"""The rendered service passes the conformance suite, whatever its model takes and returns."""

import os
import shutil
from pathlib import Path

import pytest

from tests.support.protocol import statements_that_hold
from tools.service import running

MODELS = Path(__file__).parent / "rendered_models.py"
# Statements that must have been checked, besides those that always are.
CHECKED = {
    "": {"generate-stream", "binary-bytes-prefix", "compressed-answer", "triton-infer"},
    "rendered_models:Numbers": {"error-fixed-dimension", "binary-output", "kserve-infer"},
    "rendered_models:EveryDatatype": {"binary-output-bool", "binary-input-mixed"},
    "rendered_models:Words": {"generate-parameters", "generate-stream-events"},
}


@pytest.fixture(scope="module", params=[{}, {"features": ["open_inference"]}], ids=["all", "alone"])
def project(request, render):
    folder = render(**request.param)
    shutil.copy(MODELS, folder / "src/models")
    return folder


@pytest.mark.parametrize("model", CHECKED)
def test_rendered_service_conforms(project, commands, tmp_path, model):
    env = {"PATH": os.environ["PATH"], "MODEL__IMPLEMENTATION": model, "MODEL__NAME": "m"}
    env["HARDENING__DRAIN_S"] = "0"
    command = [str(commands / "python"), "src/main.py"]
    with running(command, cwd=project, env=env, log=tmp_path / "log") as service:
        assert CHECKED[model] <= statements_that_hold(service, "m", tmp_path)
