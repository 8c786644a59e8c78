"""The page about an async model: its model in a render, in front of a real upstream."""

import re

from tests.support.pages import blocks
from tools.managers import ROOT

PAGE = ROOT / "docs/how-to/async-model.md"
CHECK = """
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from fastapi.testclient import TestClient
from src.app import create_app
from src.config.settings import Settings
from src.models.upstream_model import UpstreamModel
from tests.conftest import until

SEEN = []


class Upstream(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        SEEN.append((body["text"], self.headers))
        time.sleep(0.2)
        status = {"busy": 503, "wrong": 400}.get(body["text"], 200)
        content = json.dumps({"result": body["text"].upper()}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture(params=["t0ken", ""])
def client(request):
    SEEN.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    options = {"url": f"http://127.0.0.1:{server.server_port}", "token": request.param}
    settings = Settings.model_validate(
        {"model": {"options": options}, "service": {"request_headers": ["x-tenant"]}}
    )
    with TestClient(create_app(settings, model=UpstreamModel())) as client:
        until(lambda: client.get("/ready").status_code == 200)
        yield client
    server.shutdown()


def ask(client, text):
    headers = {"X-Request-ID": "id-1", "X-Tenant": "acme", "Cookie": "secret"}
    return client.post("/predict", json={"input": text}, headers=headers)


def test_request_reaches_the_upstream_with_what_was_chosen(client):
    assert ask(client, "hello").json() == {"prediction": "HELLO"}
    _, headers = SEEN[0]
    assert (headers["X-Request-ID"], headers["X-Tenant"]) == ("id-1", "acme")
    assert headers["Authorization"] in {"Bearer t0ken", None}
    assert headers["Cookie"] is None


def test_calls_do_not_wait_for_each_other(client):
    began = time.monotonic()
    with ThreadPoolExecutor(20) as clients:
        statuses = list(clients.map(lambda n: ask(client, str(n)).status_code, range(20)))
    assert statuses == [200] * 20
    assert time.monotonic() - began < 20 * 0.2, "one after the other"


def test_errors_of_the_upstream(client):
    assert ask(client, "busy").status_code == 503
    assert len(SEEN) == 4, "three retries"
    assert ask(client, "wrong").status_code == 500
    client.app.state.inference_service.runner.model.client.base_url = "http://127.0.0.1:9"
    assert ask(client, "down").status_code == 503
"""


def test_model_of_the_page_works(render, tool):
    project = render()
    model, stream = blocks(PAGE.read_text("utf-8"), "python")
    method = "\n".join(f"    {line}".rstrip() for line in stream.splitlines())
    model = model.replace("from typing", "from collections.abc import AsyncIterator\nfrom typing")
    before, unload, after = model.partition("    async def unload")
    file = project / "src/models/upstream_model.py"
    file.write_text(f"{before}{method}\n\n{unload}{after}", "utf-8")
    check = project / "tests/integration/test_upstream.py"
    check.write_text(CHECK, "utf-8")
    assert re.search(r"\b6 passed", tool(project, "pytest", "-q", "-s", str(check)))
    check.unlink()
    for command in (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]):
        tool(project, *command)
