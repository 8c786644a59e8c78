"""The page about recordings: its function, its observer and its settings in a service."""

import json
import os
import re

import pytest
import yaml

from tests.faults.process import wait_for
from tests.support.pages import blocks
from tools.managers import ROOT
from tools.service import running

TEXT = (ROOT / "docs/how-to/record-predictions.md").read_text("utf-8")
FILES = ("src/services/redaction.py", "src/api/traces.py")


@pytest.fixture(scope="module")
def project(render):
    folder = render(features=["recording", "metrics"])
    for name, code in zip(FILES, blocks(TEXT, "python"), strict=True):
        (folder / name).write_text(code, "utf-8")
    (settings,) = blocks(TEXT, "yaml")
    config = yaml.safe_load((folder / "configs/config.yaml").read_text("utf-8"))
    config |= yaml.safe_load(settings)
    assert config["recording"]["sample"] == 0.01
    config["recording"]["sample"] = 1
    (folder / "configs/config.yaml").write_text(yaml.safe_dump(config), "utf-8")
    return folder


def test_files_of_the_page_are_clean(project, tool):
    for command in (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]):
        tool(project, *command)
    tool(project, "lint-imports", "--no-cache")


def test_records_are_masked_and_sent(project, commands, tmp_path):
    command, env = [str(commands / "python"), "src/main.py"], {"PATH": os.environ["PATH"]}
    with running(command, cwd=project, env=env, log=tmp_path / "log") as service:
        service.request("/predict", {"input": "Write to ada@example.org"})
        folder = project / "recordings"
        wait_for(lambda: "".join(file.read_text("utf-8") for file in folder.glob("*.jsonl")))
        wait_for(lambda: "Trace: " in service.log.read_text("utf-8"))
        counted = service.request("/metrics")[1]
    (line,) = (line for file in folder.glob("*.jsonl") for line in file.read_text().splitlines())
    (promised,) = blocks(TEXT, "json")
    record = json.loads(line)
    assert [*record] == [*json.loads(promised)], "the page shows these fields"
    assert record["input"] == "Write to <address>" == json.loads(promised)["input"]
    (trace,) = re.findall("Trace: (.*)", service.log.read_text("utf-8"))
    assert "'gen_ai.input.messages': 'Write to <address>'" in trace
    assert re.search(r"inference_duration_seconds_count{[^}]*} [1-9]", counted), "still counted"
