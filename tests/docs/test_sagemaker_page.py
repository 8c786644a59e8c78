"""The page about SageMaker: its file in a service that runs, started as SageMaker does."""

import os
import re

import pytest

from tests.support.pages import blocks
from tools.managers import ROOT
from tools.service import running

PAGE = ROOT / "docs/how-to/sagemaker.md"


@pytest.mark.parametrize("preset", ["production", "minimal"])
def test_routes_of_the_page_respond(render, commands, tool, tmp_path, preset):
    text = PAGE.read_text("utf-8")
    project = render(preset=preset)
    (routes,) = blocks(text, "python")
    (project / "src/api/sagemaker.py").write_text(routes, "utf-8")
    for command in (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]):
        tool(project, *command)
    start = [str(commands / "python"), "src/main.py", "serve"]
    env, log = {"PATH": os.environ["PATH"]}, tmp_path / "log"
    with running(start, cwd=project, env=env, log=log, ready="/ping") as service:
        inputs = {"inputs": ["This is good", "This is bad"]}
        status, answer, headers = service.request("/invocations", inputs)
        assert (status, answer) == (200, {"predictions": ["positive", "negative"]})
        assert headers["x-model-name"] == "dummy_classifier"
        assert service.request("/ping")[:2] == (200, {"dummy_classifier": "1.0.0"})
        assert service.request("/invocations", {"inputs": [1]})[0] == 422
        assert service.request("/invocations")[0] == 405
        document = service.request("/openapi.json")[1]["paths"]
        assert {"/ping", "/invocations"} <= document.keys()


def test_image_of_the_page_listens_where_sagemaker_asks(render):
    (image,) = blocks(PAGE.read_text("utf-8"), "dockerfile")
    assert re.search(r"API_PORT=8080\b", image)
    command = (render() / "Dockerfile").read_text("utf-8").splitlines()[-1]
    assert image.splitlines()[-1].partition(" ")[2] == command.partition(" ")[2]
