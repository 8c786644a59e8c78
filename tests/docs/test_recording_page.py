"""The page about recordings: its settings, functions and report, in a render that serves."""

import base64
import json
import os
import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import yaml

from tests.faults.process import metric, wait_for
from tests.support.pages import blocks
from tools.managers import ROOT
from tools.service import running

PAGE = (ROOT / "docs/how-to/record-predictions.md").read_text("utf-8")
TEXT = "Good, says ada@example.org"


@pytest.fixture(scope="module")
def project(render):
    update, _ = blocks(PAGE, "bash")
    project = render(features=json.loads(update.partition("features=")[2].strip().strip("'")))
    redaction, spans = blocks(PAGE, "python")
    (project / "src/services/privacy.py").write_text(redaction, "utf-8")
    (project / "src/api/spans.py").write_text(spans, "utf-8")
    (config,) = blocks(PAGE, "yaml")
    values = {
        **yaml.safe_load((project / "configs/config.yaml").read_text()),
        **yaml.safe_load(config),
    }
    (project / "configs/config.yaml").write_text(yaml.safe_dump(values), "utf-8")
    return project


class Collector(HTTPServer):
    """A receiver of spans."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Receive)
        self.received = []
        self.address = f"http://127.0.0.1:{self.server_port}/v1/traces"

    def __enter__(self):
        threading.Thread(target=self.serve_forever).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class Receive(BaseHTTPRequestHandler):
    def do_POST(self):
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((self.path, self.headers, json.loads(content)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def serve(project, commands, tmp_path):
    def start(**variables):
        env = {"PATH": os.environ["PATH"], "RECORDING__PATH": str(tmp_path / "recordings")}
        command = [str(commands / "python"), "src/main.py"]
        env |= {"RECORDING__SAMPLE": "1", **variables}
        return running(command, cwd=project, env=env, log=tmp_path / "log")

    return start


def records(folder):
    lines = [line for file in folder.glob("*.jsonl") for line in file.read_text().splitlines()]
    return [json.loads(line) for line in lines]


def test_code_of_the_page_is_clean(project, tool):
    for command in (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]):
        tool(project, *command)
    tool(project, "lint-imports", "--no-cache")


def test_record_is_that_of_the_page_and_results_are_counted(serve, tmp_path):
    (shown,) = map(json.loads, blocks(PAGE, "json"))
    with serve() as service:
        assert service.request("/predict", {"input": TEXT})[0] == 200
        assert service.request("/predict", {"input": "private: good"})[0] == 200
        for result in ("written", "skipped"):
            series = f'recordings_total{{result="{result}"}}'
            wait_for(lambda series=series: metric(service, series) == 1)
    (record,) = records(tmp_path / "recordings")
    assert [*record] == [*shown]
    changing = {"time", "request_id", "duration_ms"}
    assert {k: v for k, v in record.items() if k not in changing} == {
        k: v for k, v in shown.items() if k not in changing
    }
    assert re.fullmatch(re.sub(r"\d", r"\\d", shown["time"]), record["time"])
    fields = {*re.findall(r"`(\w+)`", PAGE.partition("| Field |")[2].partition("\n\n")[0])}
    assert fields >= {*record, "error", "omitted"}
    listed = {*re.findall(r"^\| `(\w+)` \|", PAGE.partition("| Result |")[2], re.MULTILINE)}
    assert listed == {"written", "skipped", "failed", "dropped"}


def test_records_become_spans_after_their_redaction(serve, tmp_path):
    token = base64.b64encode(b"pk:sk").decode()
    with Collector() as collector:
        headers = f"Authorization=Basic {token},x-langfuse-ingestion-version=4"
        variables = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": collector.address}
        with serve(**variables, OTEL_EXPORTER_OTLP_TRACES_HEADERS=headers) as service:
            _, _, response = service.request("/predict", {"input": TEXT})
            wait_for(lambda: metric(service, 'recordings_total{result="written"}') == 1)
    ((path, sent, content),) = collector.received
    assert path == "/v1/traces"
    assert sent["Authorization"] == f"Basic {token}"
    assert sent["x-langfuse-ingestion-version"] == "4"
    (span,) = content["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert span["traceId"] == response["x-request-id"]
    assert re.fullmatch("[0-9a-f]{16}", span["spanId"])
    assert 0 < int(span["endTimeUnixNano"]) - int(span["startTimeUnixNano"]) < 60 * 10**9
    fields = {each["key"]: each["value"]["stringValue"] for each in span["attributes"]}
    parts = [{"type": "text", "content": "Good, says <address>"}]
    assert json.loads(fields["gen_ai.input.messages"]) == [{"role": "user", "parts": parts}]
    assert json.loads(fields["gen_ai.output.messages"])[0]["parts"][0]["content"] == "positive"
    assert fields["gen_ai.response.model"] == "dummy_classifier@1.0.0"
    assert len(records(tmp_path / "recordings")) == 1


def test_receiver_that_is_down_changes_nothing(serve, tmp_path):
    variables = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:1/v1/traces"}
    with serve(**variables) as service:
        for _ in range(3):
            assert service.request("/predict", {"input": TEXT})[0] == 200
        wait_for(lambda: len(records(tmp_path / "recordings")) == 3)
    log = (tmp_path / "log").read_text("utf-8")
    assert log.count("An observer failed to take a record: URLError at ") == 1
