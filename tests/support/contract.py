"""The contract of a rendered service: its commands, its routes, its log."""

import re
import subprocess
import time


def sh(command, project, env, **more):
    """Run a command in a shell that stops at the first failure; return what it printed."""
    done = subprocess.run(
        ["bash", "-euc", command], cwd=project, env=env, text=True, capture_output=True, **more
    )
    assert done.returncode == 0, f"$ {command}\n{done.stdout}{done.stderr}"
    return done.stdout


def readme_commands(project):
    """Return the first block of the README: set up, run, send a request; and the response."""
    readme = (project / "README.md").read_text("utf-8")
    block = re.search(r"```bash\n(.*?)```", readme, re.DOTALL)
    setup, run, ask = block[1].strip().splitlines()
    return setup, run, ask, re.search(r"The response is `(.*?)`", readme)[1]


def label(prediction):
    """Return the label of a prediction: the keyword model's is one, that of a backend has one."""
    return prediction if isinstance(prediction, str) else prediction["label"]


def assert_contract(service):
    """Contract, section 5, over HTTP, for a model that finds the mood of a text."""
    assert service.request("/health")[:2] == (200, {"status": "ok"})
    status, answer, headers = service.request("/predict?input=This+is+good", method="POST")
    assert (status, [*answer], label(answer["prediction"])) == (200, ["prediction"], "positive")
    assert headers["x-model-name"] == "dummy_classifier"
    assert headers["x-model-version"] == "1.0.0"
    assert headers["x-request-id"]
    answer = service.request("/predict", {"input": "This is bad"})[1]
    assert ([*answer], label(answer["prediction"])) == (["prediction"], "negative")
    status, batch, _ = service.request("/predict/batch", {"inputs": ["great", "bad"]})
    assert (status, [*batch]) == (200, ["predictions"])
    assert [label(prediction) for prediction in batch["predictions"]] == ["positive", "negative"]
    assert service.request("/predict", method="POST")[0] == 422
    assert service.request("/predict?input=x", {"input": "x"})[0] == 422
    assert service.request("/nope")[2]["content-type"] == "application/problem+json"
    assert service.request("/ready")[0] == 200
    assert service.request("/info")[1]["models"][0]["version"] == "1.0.0"
    for page in ("/docs", "/redoc", "/openapi.json"):
        assert service.request(page)[0] == 200


def assert_log(service, *, started, result="positive"):
    """Contract, section 4: the lines that must appear; `result` is how a prediction begins."""
    last = f"Prediction result: {result}"
    deadline = time.monotonic() + 120  # lines are written a moment after the response
    while last not in (log := service.log.read_text("utf-8")):
        assert time.monotonic() < deadline, log
        time.sleep(0.02)
    for line in (
        *(["Starting server on 127.0.0.1:0"] if started else []),
        "Loading model: dummy_classifier model=dummy_classifier@1.0.0",
        "Loaded model: dummy_classifier model=dummy_classifier@1.0.0",
        "Health check requested",
        "Making prediction for input: This is good...",
        last,
    ):
        assert re.search(rf"^[\d-]+ [\d:,]+ - INFO - {re.escape(line)}", log, re.MULTILINE), log
    assert log.count("Health check requested") == 1, "a line must not stand twice"
    assert "Traceback" not in log
