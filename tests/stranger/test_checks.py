"""Everything that the project's CI runs is green with a stranger's model, in both presets."""

import re

import pytest

from tests.support.ci import steps
from tools.service import running

FAST, FULL = 1, 8  # seconds that an import of the model takes


def run_steps(project, sh, import_s):
    commands = [command for command in steps(project, "check") if command.startswith("make ")]
    said = {command: sh(command, import_s) for command in commands}
    assert len(said) == 4
    summary = said["make coverage"].splitlines()[-1]
    assert re.search(r"= \d+ passed in ", summary), "nothing may be skipped"


def test_checks_are_green(strangers, sh):
    run_steps(strangers, sh, FAST)


def test_health_responds_while_the_model_is_imported(strangers, variables, commands, tmp_path):
    command = [str(commands / "python"), "src/main.py"]
    env, log = variables(FULL), tmp_path / "log"
    with running(command, cwd=strangers, env=env, log=log, ready="/health") as service:
        assert service.request("/health")[:2] == (200, {"status": "ok"})
        status, problem, headers = service.request("/ready")
        assert (status, problem["detail"]) == (503, "The service is starting")
        assert headers["retry-after"] == "1"
        while service.request("/ready")[0] == 503:
            assert service.request("/health")[0] == 200
        assert service.request("/info")[1]["models"][0]["name"] == "ship-counter"


@pytest.mark.long
def test_checks_and_load_test_are_green_where_the_import_takes_eight_seconds(strangers, sh):
    run_steps(strangers, sh, FULL)
    budget = {"LATENCY_BUDGET_MS": "60000"}  # the machine's speed is not tested here
    assert "budget 60000 ms" in sh("make load-test", FULL, **budget)
