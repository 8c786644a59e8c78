"""The examples in the README of a rendered service do what they say."""

import os
import re
import subprocess
import sys

import pytest

from tools.conformance import ensure_conformance
from tools.service import running

PRODUCTION = {
    "curl": ['{"prediction":"positive"}', '{"predictions":["positive","negative"]}'],
    "python": ["positive"],
    "curl v2": ['"model_name":"sentiment"', '"data":["positive"]'],
    "python v2": ["[b'positive', b'negative']"],
}
EXAMPLES = {"production": PRODUCTION, "minimal": dict(list(PRODUCTION.items())[:2])}


@pytest.mark.parametrize("preset", EXAMPLES)
def test_examples_of_the_readme_work(render, commands, tmp_path, preset):
    project = render(preset=preset, model_name="sentiment")
    blocks = examples((project / "README.md").read_text("utf-8"))
    assert len(blocks) == len(EXAMPLES[preset])
    env = {"PATH": os.environ["PATH"]}
    command = [str(commands / "python"), "src/main.py"]
    with running(command, cwd=project, env=env, log=tmp_path / "log") as service:
        for (language, code), expected in zip(blocks, EXAMPLES[preset].values(), strict=True):
            address = service.url.removeprefix("http://")
            printed = run(language, code.replace("127.0.0.1:8000", address))
            assert all(text in printed for text in expected), printed


def examples(readme):
    (section,) = re.findall(r"^## Call it\n(.*?)^## ", readme, re.MULTILINE | re.DOTALL)
    return re.findall(r"^```(\w+)\n(.*?)^```", section, re.MULTILINE | re.DOTALL)


def run(language, code):
    """Run an example; one in Python has what its text says to install."""
    python = str(ensure_conformance() / "python")
    python = python if "tritonclient" in code else sys.executable
    command = {"bash": ["bash", "-euc", code], "python": [python, "-c", code]}[language]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
