"""The rendered service passes the conformance suite, whatever its model takes and returns."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tools.conformance import ensure_conformance
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
    suite, results = ensure_conformance() / "open-inference-conformance", tmp_path / "results.json"
    with running(command, cwd=project, env=env, log=tmp_path / "log") as service:
        done = subprocess.run(
            [suite, f"--url={service.url}", "--model=m", f"--results={results}"],
            cwd=tmp_path, capture_output=True, text=True, timeout=600,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    outcomes = {name: one["outcome"] for name, one in json.loads(results.read_text()).items()}
    assert CHECKED[model] <= {name for name, outcome in outcomes.items() if outcome == "holds"}
