"""Row 45: clients that offer HTTP/2, as they come: Java's own, and curl."""

import subprocess
from pathlib import Path

import pytest

from tests.system.support import require

JAVA = Path(__file__).with_name("clients") / "Ask.java"
INPUT = '{"input": "good"}'
TENSORS = '{"inputs": [{"name": "input", "shape": [1], "datatype": "BYTES", "data": ["good"]}]}'
ASKED = {
    "production /predict": ("production", "/predict", INPUT),
    "production /v2": ("production", "/v2/models/dummy_classifier/infer", TENSORS),
    "minimal /predict": ("minimal", "/predict", INPUT),
}


@pytest.fixture(scope="module")
def services(text, serve_minimal):
    with serve_minimal() as minimal:
        yield {"production": text, "minimal": minimal}


@pytest.fixture(params=ASKED.values(), ids=[*ASKED])
def asked(request, services):
    preset, path, body = request.param
    return services[preset].url + path, body


def run(*command: object) -> list[str]:
    done = subprocess.run(
        [*map(str, command)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.row(45)
def test_javas_client_gets_predictions(asked):
    java = require("java", ".ci/install-system-packages")
    answers = run(java, "-Xshare:auto", "-XX:TieredStopAtLevel=1", JAVA, *asked)
    assert [answer.split()[0] for answer in answers] == ["200"] * 6
    assert all("positive" in answer for answer in answers)


@pytest.mark.row(45)
@pytest.mark.parametrize("more", [[], ["--header", "Transfer-Encoding: chunked"]], ids=repr)
@pytest.mark.parametrize("expects", [[], ["--header", "Expect: 100-continue"]], ids=repr)
def test_curl_gets_predictions(asked, more, expects):
    curl = require("curl", ".ci/install-system-packages")
    url, body = asked
    status = ["--silent", "--show-error", "--max-time", "20", "--write-out", "\n%{http_code}\n"]
    kind = ["--header", "Content-Type: application/json", "--data-binary", body]
    answers = run(curl, "--http2", *status, *kind, *more, *expects, url, url)
    assert answers[1::2] == ["200", "200"]
    assert all("positive" in answer for answer in answers[::2])
