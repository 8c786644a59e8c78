"""A real upstream, `transformers serve`, behind a service; the official client in front of it."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.support.suite import SUITE
from tools.managers import ROOT
from tools.service import running, stop

HEAVY = ROOT / ".cache/heavy/bin"
FILES = Path(__file__).parent / "files/openai_compatible"
ENV = {"PATH": "/usr/bin:/bin", "HF_HUB_OFFLINE": "1", "LOG_FORMAT": "text"}
TIMEOUT_S, OPEN_S = 5, 1
ASSISTANT = """
from typing import ClassVar
from .openai_backend import OpenAIModel

class AssistantModel(OpenAIModel):
    model_name: ClassVar[str] = "assistant"
    version: ClassVar[str] = "1"
    example: ClassVar[str] = "Hello"
"""
FEATURES = ["hardening", "open_inference", "metrics", "versions", "openai_api"]

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not (HEAVY / "transformers").exists(), reason="needs transformers, openai"),
]


@pytest.fixture(scope="module")
def project(render):
    project = render(model_backend="openai_compatible", features=FEATURES)
    (project / "src/models/assistant_model.py").write_text(ASSISTANT, "utf-8")
    shutil.copy(SUITE / "openai_api/chat_models.py", project / "src/models/parrot_model.py")
    return project


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    make = [HEAVY / "python", FILES / "make_tiny_llama.py", folder]
    subprocess.run(make, env=ENV, check=True, capture_output=True)
    return folder


@pytest.fixture
def serve(project, tiny, tmp_path):
    """Start the upstream and the service; further starts of the upstream have the same port."""
    with ExitStack() as stack:

        def upstream(port=0):
            command = [HEAVY / "transformers", "serve", tiny, "--device", "cpu"]
            command += ["--host", "127.0.0.1", "--port", str(port)]
            log = tmp_path / f"upstream {time.monotonic()}"
            start = running(command, cwd=tmp_path, env=ENV, log=log, ready="/health")
            return stack.enter_context(start)

        def service(base, **env):
            options = {"BASE_URL": f"{base.url}/v1", "MODEL": str(tiny), "MAX_TOKENS": "5"}
            options |= {"OPEN_S": str(OPEN_S)}
            variables = {f"MODEL__OPTIONS__{name}": value for name, value in options.items()}
            variables |= {"MODEL__IMPLEMENTATION": "assistant_model:AssistantModel", **ENV}
            variables |= {"SERVICE__TIMEOUT": str(TIMEOUT_S), **env}
            command, log = [HEAVY / "python", "src/main.py"], tmp_path / "service"
            start = running(command, cwd=project, env=variables, log=log)
            return stack.enter_context(start)

        yield SimpleNamespace(upstream=upstream, service=service)


def ask_with_client(service, *models):
    command = [HEAVY / "python", FILES / "ask.py", service.url, *models]
    done = subprocess.run(command, env=ENV, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def predict(service, text="Hello", **more):
    chat = {"messages": [{"role": "user", "content": text}], "max_tokens": 5, **more}
    return service.request("/predict", {"input": chat})


def kill(process):
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(60)


def until(condition):
    deadline = time.monotonic() + 60
    while not (value := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return value


def test_client_gets_completions_of_the_upstream_through_the_service(serve):
    service = serve.service(serve.upstream())
    told = ask_with_client(service, "assistant")
    assert told["models"] == ["assistant"]
    assert told["usage"]["completion_tokens"] == told["streamed_usage"]["completion_tokens"] == 5
    assert (told["reason"], told["streamed_reason"]) == ("length", "length")
    half = "\ufffd"  # of a character, at the end of a text of random tokens
    assert told["streamed"].rstrip(half) == told["text"].rstrip(half) != ""
    assert told["unknown"] == ["model_not_found", "invalid_request_error"]
    tokens = service.request("/metrics")[1]
    assert re.search(r'upstream_tokens_total{kind="completion",model="assistant"} \d+', tokens)
    assert predict(service)[1]["prediction"]["completion_tokens"] == 5


def test_client_gets_embeddings_and_the_models_of_a_service(project):
    config = project / "configs/config.yaml"
    text = config.read_text("utf-8")
    models = {"parrot": "Parrot", "lengths": "Lengths"}
    entries = [f"  {n}: {{implementation: parrot_model:{c}}}" for n, c in models.items()]
    try:
        config.write_text(
            "model: {name: parrot}\nmodels:\n" + "\n".join(entries) + "\n", encoding="utf-8"
        )
        command = [HEAVY / "python", "src/main.py"]
        log = project / "log"
        with running(command, cwd=project, env=ENV, log=log) as service:
            told = ask_with_client(service, "parrot", "lengths")
    finally:
        config.write_text(text, "utf-8")
    assert told["models"] == ["parrot", "lengths"]
    assert (told["text"], told["streamed"]) == ("Hello you", "Hello you")
    assert told["float"] == [[1.0, 0.1], [2.0, 0.1]]
    assert told["base64"] == [[1.0, pytest.approx(0.1)], [2.0, pytest.approx(0.1)]]
    assert told["one"] == [[3.0, pytest.approx(0.1)]]


def test_upstream_that_dies_in_a_stream_ends_it_and_comes_back(serve):
    upstream = serve.upstream()
    service = serve.service(upstream, SERVICE__MAX_RETRIES="0", MODEL__OPTIONS__OPEN_AFTER="2")
    chat = {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 8000}
    body = json.dumps({"input": chat})
    command = ["curl", "--silent", "--no-buffer", "--header", "Content-Type: application/json"]
    command += ["--data", body, f"{service.url}/predict/stream"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdout.readline().startswith("data: ")
        kill(upstream.process)
        *_, last = [line for line in client.stdout if line.strip()]
    assert json.loads(last[6:]) == {"error": "The model is temporarily unavailable"}

    until(lambda: "not available" in predict(service)[1].get("detail", ""))
    status, _, headers = predict(service)
    assert (status, headers["retry-after"]) == (503, "1")
    assert service.request("/ready")[0] == 200
    assert 'upstream_breaker_open{model="assistant"} 1.0' in service.request("/metrics")[1]

    serve.upstream(upstream.url.rpartition(":")[2])
    until(lambda: predict(service)[0] == 200)
    assert 'upstream_breaker_open{model="assistant"} 0.0' in service.request("/metrics")[1]
    until(lambda: "pass again" in service.log.read_text("utf-8"))
    log = service.log.read_text("utf-8")
    assert "are rejected for 1 s" in log
    assert "Traceback" not in log


def test_upstream_that_stops_responding_takes_no_longer_than_the_timeout(serve):
    upstream = serve.upstream()
    service = serve.service(upstream)
    os.killpg(upstream.process.pid, signal.SIGSTOP)
    try:
        started = time.monotonic()
        assert predict(service)[0] == 504
        assert TIMEOUT_S - 1 < time.monotonic() - started < TIMEOUT_S + 2
    finally:
        os.killpg(upstream.process.pid, signal.SIGCONT)
    until(lambda: predict(service)[0] == 200)


def test_upstream_that_is_down_at_the_start_is_waited_for(serve):
    upstream = serve.upstream()
    stop(upstream.process)
    port = upstream.url.rpartition(":")[2]
    with pytest.raises(RuntimeError) as waiting, pytest.MonkeyPatch.context() as patch:
        patch.setattr("tools.service.START_SECONDS", 10)
        serve.service(upstream)
    assert f"Waiting for {upstream.url}/v1, next attempt in 1 s" in str(waiting.value)
    serve.upstream(port)
    assert predict(serve.service(upstream))[0] == 200
