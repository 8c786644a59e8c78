"""The example of each backend as a service: installed by a manager, started by it, in use."""

import itertools
import re

import pytest

from tests.backends.installed import EXAMPLES, OWN
from tests.support.contract import assert_contract, assert_log, readme_commands, sh
from tests.support.protocol import statements_that_hold
from tools.managers import REQUIREMENTS
from tools.service import running
from tools.template import read_backends

NOT_IN_MINIMAL = ("/metrics", "/v2", "/v2/models/dummy_classifier")
STREAM = "/predict/stream"


@pytest.fixture(scope="module", params=EXAMPLES)
def installed(request, install):
    return install(request.param)


@pytest.fixture
def serve(installed, tmp_path):
    """Return a function that starts the service by a command, the manager's own by default."""

    def start(command=installed.start, cwd=installed.project):
        return running(command, cwd=cwd, env=installed.env, log=tmp_path / "log")

    return start


def test_every_backend_meets_every_manager():
    """But for those that need an upstream: tests/backends/test_upstream.py has one."""
    met = {tuple(choices.split()[:2]) for choices in (*EXAMPLES, *OWN)}
    rows = read_backends().items()
    installed = [
        n for n, row in rows if "suffix" in row and "torch>=2.13,<3" not in row["dependencies"]
    ]
    assert met == {*itertools.product(installed, REQUIREMENTS)}


def test_readme_commands_work_as_they_stand(installed, serve):
    _, run, ask, promised = readme_commands(installed.project)
    with serve(["bash", "-c", f"exec {run}"]) as service:
        ask = ask.replace("http://127.0.0.1:8000", service.url) + " --silent"
        answer = sh(ask, installed.project, installed.env)
    assert re.fullmatch(re.escape(promised).replace("…", ".+"), answer), answer


def test_service_keeps_the_contract(serve):
    with serve() as service:
        assert_contract(service)
        assert_log(service, started=True, result="Classification(label='positive', ")


def test_service_has_the_routes_of_its_preset(installed, serve, tmp_path):
    """Started inside the environment, from a folder that has no artifact."""
    with serve([str(installed.project / ".venv/bin/start-server")], tmp_path) as service:
        assert service.request(STREAM, {"input": "x"})[0] == 404, "the example streams nothing"
        if installed.answers["preset"] == "minimal":
            assert [service.request(path)[0] for path in NOT_IN_MINIMAL] == [404, 404, 404]
            return
        held = statements_that_hold(service, "dummy_classifier", tmp_path)
        assert {"binary-bytes-prefix", "triton-infer", "kserve-infer"} <= held
        assert_tensors(service)
        assert_metrics(service)
        assert "<!doctype html>" in service.request("/")[1]


def assert_tensors(service):
    """A result with fields has an output for each."""
    tensor = {"name": "input", "datatype": "BYTES", "shape": [2], "data": ["great", "bad"]}
    path = "/v2/models/dummy_classifier"
    status, answer, _ = service.request(f"{path}/infer", {"inputs": [tensor]})
    outputs = {output["name"]: output["data"] for output in answer["outputs"]}
    assert (status, outputs["label"]) == (200, ["positive", "negative"])
    assert outputs.keys() == {output["name"] for output in service.request(path)[1]["outputs"]}


def assert_metrics(service):
    text = service.request("/metrics")[1]
    model = 'model="dummy_classifier",version="1.0.0"'
    assert re.search(rf"^model_info{{.*{model}", text, re.MULTILINE), text
    counted = re.search(r"^inference_duration_seconds_count{.*} (\d+)", text, re.MULTILINE)
    assert float(counted[1]) > 0


def test_everything_that_ci_runs_is_green(installed):
    said = sh("make check", installed.project, installed.env)
    assert re.search(r"= \d+ passed in ", said.splitlines()[-1]), "nothing may be skipped"
