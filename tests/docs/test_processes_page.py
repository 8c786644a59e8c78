"""The page about processes: its model and configuration in a render, with an input that hangs."""

import json
import os
from pathlib import Path

import yaml

from tests.faults.process import wait_for
from tests.processes.system import predict, processes_of
from tests.support.pages import blocks
from tools.managers import ROOT
from tools.service import running

PAGE = (ROOT / "docs/how-to/processes.md").read_text("utf-8")


def test_model_of_the_page_is_served_and_an_input_that_hangs_is_504(
    render, tool, commands, tmp_path
):
    (update,) = blocks(PAGE, "bash")
    project = render(features=json.loads(update.partition("features=")[2].strip().strip("'")))
    (model,), (config,) = blocks(PAGE, "python"), blocks(PAGE, "yaml")
    (project / "src/models/digits_model.py").write_text(model, "utf-8")
    file = project / "configs/config.yaml"
    values = yaml.safe_load(config)
    values["service"]["timeout"] = 1
    file.write_text(yaml.safe_dump(values), "utf-8")
    for command in (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]):
        tool(project, *command)
    start, env = [str(commands / "python"), "src/main.py"], {"PATH": os.environ["PATH"]}
    with running(start, cwd=project, env=env, log=tmp_path / "log") as service:
        before = processes_of(service.process.pid)
        assert len(before) == 2
        assert predict(service, 27) == (200, 111)
        assert predict(service, 0)[0] == 504
        assert predict(service, 97) == (200, 118)
        wait_for(lambda: not all(Path(f"/proc/{pid}").exists() for pid in before))
