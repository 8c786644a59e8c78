"""The page about several models: its models and configurations in a render that serves them."""

import json
import os
import re
import signal
import subprocess
import time
from urllib.request import Request, urlopen

import pytest
import yaml

from tests.support.pages import blocks
from tools.conformance import ensure_conformance
from tools.managers import ROOT
from tools.service import running

TEXT = (ROOT / "docs/how-to/several-models.md").read_text("utf-8")
SECOND, VERSIONS, SHARES, SHADOW, CONTROL = map(yaml.safe_load, blocks(TEXT, "yaml"))
WORDS = {"1.4.0": ["good"], "2.0.0": ["good", "fine"]}


@pytest.fixture(scope="module")
def project(render):
    features = ["batching", "hardening", "open_inference", "metrics", "versions", "artifacts"]
    project = render(features=features)
    length, sentiment, _ = blocks(TEXT, "python")
    (project / "src/models/length_model.py").write_text(length, "utf-8")
    (project / "src/models/sentiment_model.py").write_text(sentiment, "utf-8")
    (project / "artifacts").mkdir()
    for version, words in WORDS.items():
        file = project / f"artifacts/sentiment-{version}.json"
        file.write_text(json.dumps(words), "utf-8")
    return project


@pytest.fixture
def serve(project, commands, tmp_path):
    """Serve a configuration: `with serve(VERSIONS) as service`."""

    def start(*changes, **variables):
        write(tmp_path, *changes)
        env = {"PATH": os.environ["PATH"], "CONFIG_PATH": str(tmp_path / "config.yaml")}
        command = [str(commands / "python"), "src/main.py"]
        return running(command, cwd=project, env=env | variables, log=tmp_path / "log")

    return start


def write(folder, config, *changes):
    """Write the configuration of the page with later changes to the one model."""
    for change in changes:
        sentiment = config["models"]["sentiment"] | change.get("models", {}).get("sentiment", {})
        if "shares" in change.get("models", {}).get("sentiment", {}):
            del sentiment["serve"]  # the page: in place of it
        config = config | change | {"models": {"sentiment": sentiment}}
    (folder / "config.yaml").write_text(yaml.safe_dump(config), "utf-8")


def predict(service, path="/predict", body=None, **headers):
    """Return the version that responds, and the response."""
    content = json.dumps(body or {"input": "fine"}).encode()
    headers["Content-Type"] = "application/json"
    with urlopen(Request(service.url + path, content, headers), timeout=30) as response:
        return response.headers["X-Model-Version"], json.load(response)


def served(service):
    return {predict(service)[0] for _ in range(40)}


def wait_for(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def read(service, path):
    with urlopen(service.url + path, timeout=30) as response:
        return response.read().decode()


def test_models_of_the_page_are_clean(project, tool):
    for command in (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]):
        tool(project, *command)


def test_second_model_responds_as_the_page_shows(serve):
    ((command, expected),) = re.findall(r"^\$ (curl .*)\n(.*)$", TEXT, re.MULTILINE)
    with serve(SECOND) as service:
        assert run(service, "bash", "-c", command) == expected
        assert predict(service) == ("1.0.0", {"prediction": "negative"})


def test_second_model_of_the_development_page_is_served(project, serve):
    text = (project / "DEVELOPMENT.md").read_text("utf-8")
    model, *_ = blocks(text, "python")
    config, *_ = blocks(text, "yaml")
    (project / "src/models/price_model.py").write_text(model, "utf-8")
    with serve(yaml.safe_load(config)) as service:
        price = predict(service, "/models/price/predict", {"input": [3, 85, 1998]})
        assert price == ("2.0.0", {"prediction": 197460.0})
        assert predict(service) == ("1.0.0", {"prediction": "negative"})


def test_version_is_rolled_out_and_back(serve, tmp_path):
    command = next(block for block in blocks(TEXT, "bash") if "/infer" in block)
    with serve(VERSIONS) as service:
        assert predict(service) == ("1.4.0", {"prediction": "negative"})
        response = json.loads(run(service, "bash", "-c", command))
        expected = re.search(r'The response has `"data": (\[.*\])`', TEXT)[1]
        assert response["outputs"][0]["data"] == json.loads(expected)
        assert response["model_version"] == "2.0.0"
        write(tmp_path, VERSIONS, {"models": {"sentiment": {"serve": "2.0.0"}}})
        os.kill(service.process.pid, signal.SIGHUP)
        wait_for(lambda: served(service) == {"2.0.0"})
        changed = re.search(r"^Changed: .* \(", TEXT, re.MULTILINE)[0]
        assert changed in service.log.read_text("utf-8")
        assert predict(service) == ("2.0.0", {"prediction": "positive"})
        write(tmp_path, VERSIONS)
        os.kill(service.process.pid, signal.SIGHUP)
        wait_for(lambda: served(service) == {"1.4.0"})
        log = service.log.read_text("utf-8")
        assert "Started server process" in log
        assert log.count("Loaded model: sentiment") == 2, "nothing is loaded for it"
    variable, version = re.search(r"`(MODELS__SENTIMENT__SERVE)=([\d.]+)`", TEXT).groups()
    with serve(VERSIONS, SHARES, **{variable: version}) as service:
        assert served(service) == {version}


def test_traffic_is_split_and_sticks(serve):
    header = SHARES["models"]["sentiment"]["sticky_header"]
    with serve(VERSIONS, SHARES) as service:
        users = [
            {predict(service, **{header: f"user-{n}"})[0] for _ in range(3)} for n in range(60)
        ]
        assert all(len(versions) == 1 for versions in users)
        assert set.union(*users) == {*WORDS}


def test_shadow_is_in_the_metrics_of_the_page(serve):
    (alert,) = blocks(TEXT, "promql")
    with serve(VERSIONS, SHADOW, {"service": {"max_retries": 0}}) as service:
        for number in range(200):
            predict(service, body={"input": f"fine {number}"})
        wait_for(lambda: "shadow_predictions_total{" in read(service, "/metrics"))
        metrics = read(service, "/metrics")
        assert 'shadow_predictions_total{model="sentiment",result="different"' in metrics
        for name in re.findall(r"^\| `(\w+)\{", TEXT, re.MULTILINE):
            assert f"# TYPE {name}" in metrics, name
        for name in re.findall(r"rate\((\w+)", alert):
            assert f"# TYPE {name.removesuffix('_count')} " in metrics, name


def test_command_loads_a_version(serve):
    (command,) = (block for block in blocks(TEXT, "bash") if "/repository/" in block)
    with serve(VERSIONS, CONTROL) as service:
        run(service, "bash", "-euo", "pipefail", "-c", command.replace("curl", "curl --fail"))
        wait_for(lambda: service.log.read_text("utf-8").count("Unloaded sentiment") == 1)
        assert served(service) == {"1.4.0"}


def test_client_of_triton_loads_a_model(serve):
    *_, code = blocks(TEXT, "python")
    with serve(VERSIONS, CONTROL) as service:
        printed = run(service, str(ensure_conformance() / "python"), "-c", code)
        assert printed == "['READY', 'READY']\n"
        wait_for(lambda: service.log.read_text("utf-8").count("Unloaded sentiment") == 2)
        assert served(service) == {"1.4.0"}


def run(service, *command):
    """Run a command whose last argument is code of the page; return what it prints."""
    *start, code = command
    code = code.replace("127.0.0.1:8000", service.url.removeprefix("http://"))
    done = subprocess.run([*start, code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout
