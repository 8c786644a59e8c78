"""The page about upstreams: its models and its client, against a small upstream."""

import re
import shutil

from tests.support.pages import blocks
from tests.support.suite import SUITE
from tools.managers import ROOT

TEXT = (ROOT / "docs/how-to/openai-compatible.md").read_text("utf-8")
SERVED = """
import os
import subprocess
import sys
import threading
import time

import pytest
import uvicorn
from src.app import create_app
from src.config.settings import Settings
from src.models.assistant_model import AssistantModel
from src.models.summary_model import SummaryModel
from fake_upstream import FakeUpstream
from tests.conftest import until

CLIENT = {client!r}


@pytest.fixture
def upstream():
    fake = FakeUpstream().start()
    yield fake
    fake.stop()


@pytest.fixture
def serve(upstream):
    servers = []

    def serve(model):
        options = {{"base_url": upstream.url, "model": "tiny"}}
        app = create_app(Settings.model_validate({{"model": {{"options": options}}}}), model=model)
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None))
        thread = threading.Thread(target=server.run)
        thread.start()
        servers.append((server, thread))
        until(lambda: server.started)
        until(lambda: app.state.inference_service.ready)
        return f"127.0.0.1:{{server.servers[0].sockets[0].getsockname()[1]}}"

    yield serve
    for server, thread in servers:
        server.should_exit = True
        thread.join(30)


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def test_assistant_and_client_of_the_page(serve):
    address = serve(AssistantModel())
    code = CLIENT.replace("127.0.0.1:8000", address)
    assert run(sys.executable, "-c", code) == "Hello\\nHello"


@pytest.mark.parametrize("command", {curls!r})
def test_curl_of_the_page(serve, command):
    address = serve(AssistantModel())
    assert "Hel" in run("bash", "-c", command.replace("127.0.0.1:8000", address) + " --silent")


def test_summary_of_the_page(serve):
    address = serve(SummaryModel())
    body = "http://" + address + "/predict?input=It+rains"
    assert run("curl", "--silent", "--request", "POST", body) == '{{"prediction":"Hello"}}'
"""


def test_models_and_client_of_the_page_work(render, backend_tool):
    project = render(model_backend="openai_compatible", features=["openai_api"])
    assistant, summary, client = blocks(TEXT, "python")
    for name, model in {"assistant": assistant, "summary": summary}.items():
        (project / f"src/models/{name}_model.py").write_text(model, "utf-8")
    for command in (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]):
        backend_tool(project, *command)
    shutil.copy(SUITE / "openai_compatible/fake_upstream.py", project)
    curls = [block for block in blocks(TEXT, "bash") if block.startswith("curl")]
    commands = re.split(r"\n(?=curl)", curls[0].strip())
    test = project / "tests/integration/test_page.py"
    test.write_text(SERVED.format(client=client, curls=commands), "utf-8")
    backend_tool(project, "pytest", "-q", "-p", "no:cacheprovider", str(test))


def test_options_of_the_page_are_those_of_the_class(render, backend_tool):
    project = render(model_backend="openai_compatible", features=[])
    code = (
        "from src.models.openai_backend import OpenAIBase;print(*OpenAIBase.Options.model_fields)"
    )
    table = TEXT[TEXT.index("| Option |") : TEXT.index("`OPENAI_API_KEY`")]
    named = re.findall(r"`(\w+)`", "".join(row.split("|")[1] for row in table.splitlines() if row))
    assert named == backend_tool(project, "python", "-c", code).split()
