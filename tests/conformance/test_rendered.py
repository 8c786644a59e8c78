"""The rendered service holds to the protocol, whatever its model takes and gives."""

import os
import shutil
from pathlib import Path

import pytest

from tests.conformance.runs import run_suite
from tools.service import running

MODELS = Path(__file__).parent / "rendered_models.py"
# Statements that must have been tried, beside those that always are.
TRIED = {
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


@pytest.mark.parametrize("model", TRIED)
def test_rendered_service_conforms(project, commands, tmp_path, model):
    env = {"PATH": os.environ["PATH"], "MODEL__IMPLEMENTATION": model, "MODEL__NAME": "m"}
    env["HARDENING__DRAIN_S"] = "0"
    command = [str(commands / "python"), "src/main.py"]
    with running(command, cwd=project, env=env, log=tmp_path / "log") as service:
        run = run_suite(service.url, "m", tmp_path)
    assert run.code == 0, run.printed
    assert run.holding >= TRIED[model]
